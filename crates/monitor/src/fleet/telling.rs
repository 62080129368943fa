//! What the reader tells the others: what changes for the schedule, what is missed for the publisher, and
//! the list of targets for whoever wants to know it.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use messages::CheckResult;
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use crate::{
    numbers,
    state::{Backfill, Owed},
    targets::{Change, Target},
};

/// Changes that the schedule takes up at once: a millisecond's work, after which it looks at what came due.
const CHANGES_AT_ONCE_MAX: usize = 500;
/// Checks that are told as missed in one round of the reader, so that they leave room for results.
const MISSED_AT_ONCE_MAX: usize = 500;

/// Where changes and missed checks go.
#[derive(Debug)]
pub(crate) struct Outlets {
    /// To the schedule.
    pub(crate) changes: mpsc::Sender<Vec<Change>>,
    /// To the publisher.
    pub(crate) missed: mpsc::Sender<CheckResult>,
}

/// Whoever listened is gone.
#[derive(Debug)]
pub(super) struct Gone;

/// What is still to be told.
#[derive(Debug)]
pub(super) struct Telling {
    /// `None` once the monitor stops.
    outlets: Option<Outlets>,
    lists: watch::Sender<Vec<Arc<Target>>>,
    changes: Vec<Change>,
    /// What is owed, of one rebalance each: there are no more than partitions.
    backfills: VecDeque<Backfill>,
    /// How much of the first one is told, which is said once it is done.
    told: u64,
    location: String,
    backfill_max: usize,
}

impl Telling {
    pub(super) fn new(
        outlets: Outlets,
        lists: watch::Sender<Vec<Arc<Target>>>,
        location: String,
        backfill_max: usize,
    ) -> Self {
        Self {
            outlets: Some(outlets),
            lists,
            changes: Vec::new(),
            backfills: VecDeque::new(),
            told: 0,
            location,
            backfill_max,
        }
    }

    /// The schedule has to know.
    pub(super) fn change(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.changes.extend(changes);
    }

    /// The schedule begins with the list, so it knows what changed until now.
    pub(super) fn forget_changes(&mut self) {
        self.changes.clear();
    }

    /// These checks were due until now, and have no result.
    pub(super) fn owe(&mut self, owed: Vec<Owed>, now: Timestamp) {
        if !owed.is_empty() {
            let backfill = Backfill::new(owed, self.location.clone(), now, self.backfill_max);
            self.backfills.push_back(backfill);
        }
    }

    /// Whether missed checks are still to be told.
    pub(super) fn is_owing(&self) -> bool {
        !self.backfills.is_empty()
    }

    /// The targets that are ours.
    pub(super) fn list(&self, targets: Vec<Arc<Target>>) {
        self.lists.send_replace(targets);
    }

    /// Tells all changes and a part of what was missed. Waits for room.
    pub(super) fn tell(&mut self) -> Result<(), Gone> {
        let Some(outlets) = &self.outlets else {
            return Ok(());
        };
        let mut changes = std::mem::take(&mut self.changes).into_iter();
        loop {
            let part: Vec<_> = changes.by_ref().take(CHANGES_AT_ONCE_MAX).collect();
            if part.is_empty() {
                break;
            }
            outlets.changes.blocking_send(part).map_err(|_| Gone)?;
        }
        let Some(backfill) = self.backfills.front_mut() else {
            return Ok(());
        };
        let mut told = 0;
        for missed in backfill.take(MISSED_AT_ONCE_MAX) {
            outlets.missed.blocking_send(missed).map_err(|_| Gone)?;
            told += 1;
        }
        numbers::BACKFILLED.counter().increment(told);
        self.told += told;
        if told < MISSED_AT_ONCE_MAX as u64 {
            let untold = backfill.untold();
            self.say_told();
            if untold > 0 {
                let max = self.backfill_max;
                warn!("{untold} more are not told, beyond {max} (MISSED_BACKFILL_MAX)");
            }
            self.backfills.pop_front();
        }
        Ok(())
    }

    fn say_told(&mut self) {
        let told = std::mem::take(&mut self.told);
        if told > 0 {
            info!(
                told,
                "Checks were due while their targets had no monitor, or died with it: told as missed"
            );
        }
    }

    /// Tells nothing any more, so that the others may end.
    pub(super) fn close(&mut self) {
        self.say_told();
        self.outlets = None;
    }
}
