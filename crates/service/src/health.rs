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
}

/// One thing that the service needs, such as Kafka. Its changes are logged here, once.
#[derive(Clone, Debug)]
pub struct Condition {
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
}
