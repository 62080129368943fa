//! What the schedule is given.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::targets::{Change, Target};

/// A target, and how often it is checked.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whom.
    pub target: Arc<Target>,
    /// From one check to the next.
    pub interval: Duration,
}

/// All targets, and how they change while the schedule runs.
#[derive(Debug)]
pub struct Feed {
    /// Checks are made from the slots on that were under way then: what was due before is told of by
    /// others.
    pub since: Timestamp,
    /// Those at the start.
    pub targets: Vec<Arc<Target>>,
    /// What becomes of them, in parts that are quickly taken up. That nobody is left who could
    /// change anything means nothing.
    pub changes: mpsc::Receiver<Vec<Change>>,
    /// From one check to the next, of targets that have no interval of their own.
    pub interval: Duration,
}

impl Entry {
    /// A target by its own interval, or by this one.
    pub fn new(target: Arc<Target>, interval: Duration) -> Self {
        Self {
            interval: target.own.interval.unwrap_or(interval),
            target,
        }
    }

    /// Each target by its own interval, or by this one.
    pub fn every(interval: Duration, targets: &[Arc<Target>]) -> Vec<Self> {
        let targets = targets.iter().map(Arc::clone);
        targets.map(|target| Self::new(target, interval)).collect()
    }
}
