//! What a service needs to work, and whether it has it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{info, warn};

/// The conditions of one service, for `/readyz`.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Each condition's name and what is wrong with it, if anything.
    conditions: Arc<Mutex<BTreeMap<&'static str, Option<String>>>>,
    remarks: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

/// One thing that the service needs, such as Kafka. Its changes are logged here, once.
#[derive(Clone, Debug)]
pub struct Condition {
    name: &'static str,
    health: Health,
}

/// Something that whoever looks at `/readyz` should know, and that keeps the service from nothing.
#[derive(Clone, Debug)]
pub struct Remark {
    name: &'static str,
    health: Health,
}

impl Health {
    /// Adds a condition, which does not hold until [`Condition::holds`] says so.
    pub fn condition(&self, name: &'static str) -> Condition {
        self.set(name, Some("starting".into()));
        Condition {
            name,
            health: self.clone(),
        }
    }

    /// Adds a condition that holds until [`Condition::fails`] says otherwise.
    pub fn given(&self, name: &'static str) -> Condition {
        self.set(name, None);
        Condition {
            name,
            health: self.clone(),
        }
    }

    /// Adds a remark, which says nothing until [`Remark::set`].
    pub fn remark(&self, name: &'static str) -> Remark {
        let health = self.clone();
        Remark { name, health }
    }

    /// What is to be known beside, a line each.
    pub fn remarks(&self) -> Vec<String> {
        let remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = remarks.iter().map(|(name, text)| format!("{name}: {text}"));
        lines.collect()
    }

    /// What is wrong, a line each; empty when the service is able to work.
    pub fn problems(&self) -> Vec<String> {
        let conditions = self
            .conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        conditions
            .iter()
            .filter_map(|(name, problem)| Some(format!("{name}: {}", problem.as_ref()?)))
            .collect()
    }

    /// Sets what is wrong, and returns what was.
    fn set(&self, name: &'static str, problem: Option<String>) -> Option<String> {
        let mut conditions = self
            .conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        conditions.insert(name, problem).flatten()
    }
}

impl Condition {
    /// The service has it.
    pub fn holds(&self) {
        if self.health.set(self.name, None).is_some() {
            info!("{}: ready", self.name);
        }
    }

    /// The service lacks it, for this reason. Holds no secret: it is shown and logged. Said again
    /// only when the reason changes.
    pub fn fails(&self, reason: impl Into<String>) {
        let reason = reason.into();
        if self.health.set(self.name, Some(reason.clone())).as_ref() != Some(&reason) {
            warn!("{}: {reason}", self.name);
        }
    }
}

impl Remark {
    /// What it says from now on. Holds no secret: it is shown.
    pub fn set(&self, text: impl Into<String>) {
        let remarks = self.health.remarks.lock();
        let mut remarks = remarks.unwrap_or_else(PoisonError::into_inner);
        remarks.insert(self.name, text.into());
    }

    /// It says nothing any more.
    pub fn clear(&self) {
        let remarks = self.health.remarks.lock();
        let mut remarks = remarks.unwrap_or_else(PoisonError::into_inner);
        remarks.remove(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_ready_when_every_condition_holds() {
        let health = Health::default();
        let kafka = health.condition("Kafka");
        let database = health.condition("PostgreSQL");
        kafka.holds();
        assert_eq!(health.problems(), ["PostgreSQL: starting"]);
        database.holds();
        assert!(health.problems().is_empty());
        kafka.fails("no broker answers");
        assert_eq!(health.problems(), ["Kafka: no broker answers"]);
    }

    #[test]
    fn a_remark_is_no_problem() {
        let health = Health::default();
        let list = health.remark("list");
        assert!(health.remarks().is_empty());
        list.set("old");
        list.set("new");
        assert_eq!(health.remarks(), ["list: new"]);
        list.clear();
        assert!(health.remarks().is_empty());
        assert!(health.problems().is_empty());
    }
}
