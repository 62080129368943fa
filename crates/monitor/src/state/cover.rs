//! What is kept of a target, so that its checks can be told of when nobody made them.

use std::{sync::Arc, time::Duration};

use messages::DueTimes;
use serde_json::{Map, Value};

use crate::targets::Target;

/// A target whose checks are owed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cover {
    /// Exactly as configured.
    pub(crate) url: String,
    /// From one check to the next.
    pub(crate) interval: Duration,
    /// Its pattern; `""` when it has none.
    pub(crate) regexp: String,
    /// What its records say of its settings.
    pub(crate) told: Option<Arc<Map<String, Value>>>,
}

impl Cover {
    /// A target by its own interval, or by this one.
    pub(crate) fn new(target: &Target, interval: Duration) -> Self {
        Self {
            url: target.url.clone(),
            interval: target.own.interval.unwrap_or(interval),
            regexp: target.regexp().to_owned(),
            told: target.going_along.clone(),
        }
    }

    pub(crate) fn times(&self) -> DueTimes {
        DueTimes::new(&self.url, self.interval)
    }
}
