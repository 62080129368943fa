//! How often the state is written.

use std::time::Duration;

use service::backoff::Backoff;
use tokio::time::Instant;

/// A result that Kafka has not acknowledged within this time goes to disk.
const SPOOL_AFTER: Duration = Duration::from_secs(1);
/// The same while Kafka is new to us: a client that has just connected, a topic that was just made and a
/// broker that has just started all take longer than that.
const SPOOL_FIRST_AFTER: Duration = Duration::from_secs(5);
/// Kafka is new until so long after its first acknowledgement, which is one partition's: the first
/// records of the others may still be on their way, each to a leader that has just become one.
const NEW_FOR: Duration = Duration::from_secs(10);
/// Results that are written at once.
const GROUP_RESULTS_MAX: usize = 5_000;
/// Of a group that the disk refused, this part may fit.
const REFUSED_GROUP_DIVISOR: usize = 4;
/// While results are on disk, Kafka is late: new ones follow within this time, those of it together.
const GROUP_AGE: Duration = Duration::from_millis(250);
/// That Kafka has results which are on disk is written at least so often: after a kill they are sent
/// again, which does no harm.
const SETTLED_INTERVAL: Duration = Duration::from_secs(1);
/// While Kafka acknowledges everything in time, only the watermarks are written, and no more often.
/// After a kill the checks of this time are told as missed, beside the results that they have.
const WATERMARKS_INTERVAL: Duration = Duration::from_secs(10);
/// When a disk that refused the smallest group is asked again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A disk that others wait for is gone without when it has refused for so long.
const REFUSES_MAX: Duration = Duration::from_secs(30);
/// When a store that was gone without is opened again: all of it is read then.
const OPEN_FIRST: Duration = Duration::from_secs(2);
const OPEN_MAX: Duration = Duration::from_mins(1);

/// When the store was, and may be, asked.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) wrote_at: Instant,
    pub(super) write_again_at: Instant,
    pub(super) read_again_at: Instant,
    pub(super) open_again_at: Instant,
    open_retry: Backoff,
    refuses_since: Option<Instant>,
    /// Results that are written at once.
    pub(super) group_results_max: usize,
    /// When Kafka acknowledged something for the first time.
    kafka_answered_at: Option<Instant>,
}

impl Pace {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self {
            wrote_at: now,
            write_again_at: now,
            read_again_at: now,
            open_again_at: now,
            open_retry: Backoff::new(OPEN_FIRST, OPEN_MAX),
            refuses_since: None,
            group_results_max: GROUP_RESULTS_MAX,
            kafka_answered_at: None,
        }
    }

    pub(super) fn kafka_answered(&mut self) {
        self.kafka_answered_at.get_or_insert_with(Instant::now);
    }

    /// When a result that came then has to be written.
    pub(super) fn group_due(&self, came_at: Instant, hurry: bool) -> Instant {
        let is_known = |answered_at: Instant| came_at >= answered_at + NEW_FOR;
        came_at
            + match (hurry, self.kafka_answered_at.is_some_and(is_known)) {
                (true, _) => GROUP_AGE,
                (false, true) => SPOOL_AFTER,
                (false, false) => SPOOL_FIRST_AFTER,
            }
    }

    pub(super) fn settled_due(&self) -> Instant {
        self.wrote_at + SETTLED_INTERVAL
    }

    pub(super) fn watermarks_due(&self) -> Instant {
        self.wrote_at + WATERMARKS_INTERVAL
    }

    /// Whether the disk refused when it was last asked.
    pub(super) fn refuses(&self) -> bool {
        self.refuses_since.is_some()
    }

    /// The disk took what was written; whether it had refused before.
    pub(super) fn worked(&mut self) -> bool {
        self.group_results_max = (self.group_results_max * 2).min(GROUP_RESULTS_MAX);
        self.open_retry.reset();
        self.refuses_since.take().is_some()
    }

    /// The disk refused, for whatever reason; whether it is the first time.
    pub(super) fn refused(&mut self) -> bool {
        let now = Instant::now();
        self.write_again_at = now + RETRY_AFTER;
        self.read_again_at = now + RETRY_AFTER;
        let is_first = !self.refuses();
        self.refuses_since.get_or_insert(now);
        is_first
    }

    /// The disk refused a group of so many: a smaller one follows at once, while there is any.
    pub(super) fn refused_group(&mut self, results: usize) {
        if results > 1 {
            self.group_results_max = (results / REFUSED_GROUP_DIVISOR).max(1);
            self.write_again_at = Instant::now();
        }
    }

    /// Whether the disk has refused for longer than anybody should wait for it.
    pub(super) fn refuses_for_long(&self) -> bool {
        let refuses_since = self.refuses_since;
        refuses_since.is_some_and(|since| since.elapsed() >= REFUSES_MAX)
    }

    /// There is no store, and a while later there may be one.
    pub(super) fn went_without(&mut self) {
        self.refuses_since = None;
        self.group_results_max = GROUP_RESULTS_MAX;
        self.open_again_at = Instant::now() + self.open_retry.next_delay();
    }

    /// There is a store again.
    pub(super) fn opened(&mut self) {
        let now = Instant::now();
        self.write_again_at = now;
        self.read_again_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn while_kafka_is_new_it_is_waited_for_longer() {
        let (mut pace, start) = (Pace::start(), Instant::now());
        assert_eq!(pace.group_due(start, false), start + SPOOL_FIRST_AFTER);
        assert_eq!(pace.group_due(start, true), start + GROUP_AGE);
        pace.kafka_answered();
        let answered_at = pace.kafka_answered_at.unwrap();
        // What one partition acknowledged says little of the others.
        for came_at in [start, answered_at, answered_at + NEW_FOR / 2] {
            assert_eq!(pace.group_due(came_at, false), came_at + SPOOL_FIRST_AFTER);
        }
        pace.kafka_answered();
        let came_at = answered_at + NEW_FOR;
        assert_eq!(pace.group_due(came_at, false), came_at + SPOOL_AFTER);
    }

    #[tokio::test]
    async fn groups_that_are_refused_get_smaller_and_grow_again() {
        let mut pace = Pace::start();
        assert!(pace.refused());
        pace.refused_group(100);
        assert_eq!(pace.group_results_max, 25);
        assert!(pace.write_again_at <= Instant::now());
        assert!(!pace.refused());
        pace.refused_group(1);
        assert!(pace.write_again_at > Instant::now());
        assert!(pace.worked() && !pace.worked());
        assert_eq!(pace.group_results_max, 100);
    }
}
