//! What is kept of each target's results.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use messages::{CheckResult, FailureReason, Outcome, Witness};
use service::blackbox::{Checks, Seen};

use super::seen::seen;

/// A target that had no result for so many of its intervals is silent, and for the time that a check may take.
const SILENT_INTERVALS: u32 = 3;
const CHECK_MAX: Duration = Duration::from_secs(30);

/// The newest result of each target, by its url.
#[derive(Clone, Debug, Default)]
pub(crate) struct LatestResults {
    results: Arc<Mutex<HashMap<Box<str>, Latest>>>,
}

/// What is kept of a target's results.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    pub(super) due_at: Timestamp,
    interval: Duration,
    /// What the newest found, where that says something of the site.
    seen: Option<Seen>,
    pub(super) checks: Checks,
}

impl LatestResults {
    /// A check has its result.
    pub(crate) fn note(&self, result: &CheckResult) {
        let url = &*result.check.url;
        let failure = result.failure();
        let mut results = self.lock();
        if failure.is_some_and(|failure| failure.reason == FailureReason::TargetRemoved) {
            results.remove(url);
            return;
        }
        // Only the first result of a target costs its url's copy.
        if let Some(latest) = results.get_mut(url) {
            latest.take(result);
        } else {
            let mut latest = Latest::before(result);
            latest.take(result);
            results.insert(url.into(), latest);
        }
    }

    /// What is kept of a target; `None` before its first result.
    pub(super) fn of(&self, url: &str) -> Option<Latest> {
        self.lock().get(url).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Latest>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Latest {
    /// Nothing is known yet of a target whose first result this is.
    fn before(result: &CheckResult) -> Self {
        Self {
            due_at: result.check.scheduled_at,
            interval: result.check.interval,
            seen: None,
            checks: Checks::default(),
        }
    }

    /// A result of an older check, as one that was told late, changes no more than the counts.
    fn take(&mut self, result: &CheckResult) {
        let is_doubted = is_doubted(result);
        let checks = &mut self.checks;
        let count = match &result.outcome {
            Outcome::Missed { .. } => &mut checks.missed,
            Outcome::Skipped { .. } => &mut checks.skipped,
            Outcome::Up { .. } | Outcome::Down { .. } if is_doubted => &mut checks.doubted,
            Outcome::Up { .. } => &mut checks.up,
            Outcome::Down { .. } => &mut checks.down,
        };
        *count += 1;
        if result.check.scheduled_at >= self.due_at {
            self.due_at = result.check.scheduled_at;
            self.interval = result.check.interval;
            self.seen = if is_doubted { None } else { seen(result) };
        }
    }

    /// What the newest result found, where it is not so old that the target is silent.
    pub(super) fn seen(&self, now: Timestamp) -> Option<Seen> {
        let limit = self.interval.saturating_mul(SILENT_INTERVALS);
        let limit = limit.saturating_add(CHECK_MAX);
        let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        let is_silent = now.duration_since(self.due_at) > limit;
        self.seen.clone().filter(|_| !is_silent)
    }
}

/// The prober does not believe what it saw itself.
fn is_doubted(result: &CheckResult) -> bool {
    result.self_doubt.overloaded || result.self_doubt.witness == Some(Witness::Down)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{down, missed, up};

    const URL: &str = "https://a.test/";

    /// What is known some seconds after the last of these results, each due a second after the one before.
    fn after(
        results: impl IntoIterator<Item = CheckResult>,
        seconds: i64,
    ) -> (Option<Seen>, Checks) {
        let latest = LatestResults::default();
        let mut due_at = Timestamp::UNIX_EPOCH;
        for mut result in results {
            due_at += SignedDuration::from_secs(1);
            result.check.scheduled_at = due_at;
            latest.note(&result);
        }
        let of = latest.of(URL).unwrap();
        (
            of.seen(due_at + SignedDuration::from_secs(seconds)),
            of.checks,
        )
    }

    #[test]
    fn the_newest_result_tells_how_a_site_is() {
        let down = || down(URL, FailureReason::ConnectRefused);
        let (seen, checks) = after([down(), up(URL)], 0);
        assert!(seen.unwrap().is_up);
        assert_eq!((checks.up, checks.down), (1, 1));
        let (seen, _) = after([up(URL), down()], 0);
        let seen = seen.unwrap();
        assert_eq!((seen.is_up, seen.status), (false, 0));
    }

    #[test]
    fn what_says_nothing_of_the_site_is_withheld_and_counted() {
        let (seen, checks) = after([up(URL), missed(URL, "busy")], 0);
        assert_eq!(seen, None);
        assert_eq!((checks.up, checks.missed), (1, 1));
        let mut doubted = down(URL, FailureReason::ConnectTimeout);
        doubted.self_doubt.witness = Some(Witness::Down);
        let (seen, checks) = after([up(URL), doubted], 0);
        assert_eq!(seen, None);
        assert_eq!((checks.up, checks.down, checks.doubted), (1, 0, 1));
        let mut overloaded = up(URL);
        overloaded.self_doubt.overloaded = true;
        assert_eq!(after([overloaded], 0).1.doubted, 1);
    }

    #[test]
    fn a_silent_target_is_not_called_well() {
        // The interval is a second.
        assert!(after([up(URL)], 33).0.is_some());
        assert_eq!(after([up(URL)], 34).0, None);
    }

    #[test]
    fn a_result_that_comes_late_changes_the_counts_alone() {
        let latest = LatestResults::default();
        let mut newer = up(URL);
        newer.check.scheduled_at += SignedDuration::from_secs(1);
        latest.note(&newer);
        latest.note(&down(URL, FailureReason::ConnectRefused));
        let of = latest.of(URL).unwrap();
        assert!(of.seen(newer.check.scheduled_at).unwrap().is_up);
        assert_eq!(of.checks.down, 1);
    }

    #[test]
    fn a_target_that_left_is_forgotten() {
        let latest = LatestResults::default();
        latest.note(&up(URL));
        let mut last = up(URL);
        let failure = messages::Failure::new(FailureReason::TargetRemoved, None, "it left");
        last.outcome = Outcome::Skipped { failure };
        latest.note(&last);
        assert!(latest.of(URL).is_none());
    }
}
