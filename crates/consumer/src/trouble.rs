//! What is wrong with PostgreSQL, from all who work with it: one of them may be well while another
//! is not, so the condition holds when nobody has trouble.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use service::health::Condition;

/// The troubles of all who work with PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Troubles {
    condition: Condition,
    open: Arc<Mutex<BTreeMap<String, String>>>,
}

/// The trouble of one of them.
#[derive(Debug)]
pub(crate) struct Trouble {
    who: String,
    troubles: Troubles,
    /// Spares the lock while all is well, which is nearly always.
    is_open: bool,
}

impl Troubles {
    /// No trouble is known; but nothing is known to be well either.
    pub(crate) fn new(condition: Condition) -> Self {
        Self {
            condition,
            open: Arc::default(),
        }
    }

    /// The trouble of one who works with PostgreSQL.
    pub(crate) fn of(&self, who: impl Into<String>) -> Trouble {
        Trouble {
            who: who.into(),
            troubles: self.clone(),
            is_open: true,
        }
    }
}

impl Trouble {
    /// Something is wrong, and is tried again.
    pub(crate) fn began(&mut self, story: &str) {
        self.is_open = true;
        let mut open = self.troubles.lock();
        open.insert(self.who.clone(), format!("{story}; retrying"));
        self.troubles.say(&open);
    }

    /// All is well.
    pub(crate) fn ended(&mut self) {
        if self.is_open {
            self.is_open = false;
            let mut open = self.troubles.lock();
            open.remove(&self.who);
            self.troubles.say(&open);
        }
    }
}

impl Troubles {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Said under the lock, so that what was said last is what is so.
    fn say(&self, open: &BTreeMap<String, String>) {
        match open.values().next() {
            Some(story) => self.condition.fails(story),
            None => self.condition.holds(),
        }
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        self.ended();
    }
}

#[cfg(test)]
mod tests {
    use service::health::Health;

    use super::*;

    #[test]
    fn the_condition_holds_when_nobody_has_trouble() {
        let health = Health::default();
        let troubles = Troubles::new(health.condition("PostgreSQL"));
        let (mut one, mut two) = (troubles.of("one"), troubles.of("two"));
        one.began("no connection");
        two.ended();
        assert_eq!(health.problems(), ["PostgreSQL: no connection; retrying"]);
        two.began("disk full");
        one.ended();
        assert_eq!(health.problems(), ["PostgreSQL: disk full; retrying"]);
        drop(two);
        assert!(health.problems().is_empty());
    }
}
