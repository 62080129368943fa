//! What is wrong with PostgreSQL, from all who work with it: one of them may be well while another
//! is not, so the condition holds when nobody has trouble.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use service::health::Condition;

/// The troubles of all who work with PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Troubles {
    condition: Condition,
    /// Who has trouble, and what it is.
    open: Arc<Mutex<BTreeMap<String, String>>>,
    /// Raised when the last one who had trouble went away without an end to it: the condition is
    /// then neither known to hold nor anybody's to report, so whoever is well next says so.
    is_unsure: Arc<AtomicBool>,
}

/// The trouble of one of them.
#[derive(Debug)]
pub(crate) struct Trouble {
    who: String,
    troubles: Troubles,
    /// Spares the lock while all is well, which is nearly always. True at first, so that the first
    /// success is said, too.
    is_open: bool,
}

impl Troubles {
    /// No trouble is known; but nothing is known to be well either.
    pub(crate) fn new(condition: Condition) -> Self {
        Self {
            condition,
            open: Arc::default(),
            is_unsure: Arc::default(),
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
        if self.is_open || self.troubles.is_unsure.load(Ordering::Relaxed) {
            self.is_open = false;
            let mut open = self.troubles.lock();
            open.remove(&self.who);
            self.troubles.is_unsure.store(false, Ordering::Relaxed);
            self.troubles.say(&open);
        }
    }
}

impl Troubles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
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
    /// Whoever goes away takes the trouble along, and nothing got better by that: at a stop, a
    /// database that never answered must not be called ready.
    fn drop(&mut self) {
        let mut open = self.troubles.lock();
        let was_open = open.remove(&self.who).is_some();
        if !was_open {
            return;
        }
        if open.is_empty() {
            self.troubles.is_unsure.store(true, Ordering::Relaxed);
        } else {
            self.troubles.say(&open);
        }
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
        two.ended();
        assert!(health.problems().is_empty());
    }

    #[test]
    fn who_goes_away_in_trouble_leaves_nothing_well() {
        let health = Health::default();
        let troubles = Troubles::new(health.condition("PostgreSQL"));
        let mut start = troubles.of("start");
        start.began("no connection");
        drop(start);
        assert_eq!(health.problems(), ["PostgreSQL: no connection; retrying"]);
        drop(troubles.of("a worker that had nothing to do"));
        assert_eq!(health.problems(), ["PostgreSQL: no connection; retrying"]);
    }

    #[test]
    fn who_was_well_all_the_time_says_so_after_the_last_trouble_went_away() {
        let health = Health::default();
        let troubles = Troubles::new(health.condition("PostgreSQL"));
        let (mut well, mut revoked) = (troubles.of("keeper"), troubles.of("partition 0"));
        well.ended();
        revoked.began("no connection");
        drop(revoked);
        well.ended();
        assert!(health.problems().is_empty());
    }

    #[test]
    fn who_goes_away_in_trouble_leaves_the_trouble_of_others() {
        let health = Health::default();
        let troubles = Troubles::new(health.condition("PostgreSQL"));
        let (mut one, mut two) = (troubles.of("one"), troubles.of("two"));
        one.began("no connection");
        two.began("disk full");
        drop(one);
        assert_eq!(health.problems(), ["PostgreSQL: disk full; retrying"]);
    }
}
