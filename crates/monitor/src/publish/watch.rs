//! The watch over what Kafka owes an answer for, and the reminders of what waits because of it.

use std::{collections::VecDeque, time::Duration};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tracing::warn;

use super::{topic::Topic, unpublished::Unpublished};

/// How often it is looked at whether Kafka still answers.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// With a result that is not acknowledged for so long, Kafka counts as lost. That others are says little:
/// a partition may have no leader while all others have theirs.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often the log says that results wait, or are dropped.
const REMIND_INTERVAL: Duration = Duration::from_secs(30);

/// What is known of how well Kafka answers.
#[derive(Debug)]
pub(super) struct Watch {
    owed: Owed,
    /// Since when Kafka has owed an answer, or when it gave the last one.
    heard_at: Instant,
    reminded_at: Instant,
    ticks: Interval,
}

impl Watch {
    /// Begins to watch. Needs the runtime's clock.
    pub(super) fn start() -> Self {
        let mut ticks = interval(LOOK_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            owed: Owed::default(),
            heard_at: Instant::now(),
            reminded_at: Instant::now(),
            ticks,
        }
    }

    /// A new producer has been given nothing yet.
    pub(super) fn begin(&mut self) {
        self.owed = Owed::default();
        self.heard();
    }

    /// Kafka answered, or had nothing to answer until now.
    pub(super) fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// Whether Kafka has long owed an answer for a result, whatever it answers for others.
    pub(super) fn is_owed(&self) -> bool {
        self.owed.is_long
    }

    /// Waits until it is time to look.
    pub(super) async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    /// Sees whether Kafka still answers, and says from time to time what waits.
    pub(super) fn look(&mut self, unpublished: &mut Unpublished, topic: &Topic) {
        let was_owed = self.owed.is_long;
        let backlog = &unpublished.backlog;
        self.owed
            .look(Instant::now(), backlog.first_sent(), backlog.next_number());
        if self.owed.is_long {
            topic.observer.failed(&unanswered(&topic.kafka.topic));
        } else if was_owed {
            topic.observer.heard();
        }
        if self.reminded_at.elapsed() < REMIND_INTERVAL {
            return;
        }
        self.reminded_at = Instant::now();
        let silent = self.owed.is_long || self.heard_at.elapsed() > SILENCE_MAX;
        let dropped = unpublished.drops.take_since_reminder();
        let (waiting, spooled) = (unpublished.waiting(), unpublished.spool.on_disk());
        if silent && waiting > 0 {
            warn!(waiting, spooled, dropped, "Results wait for Kafka");
        }
    }
}

fn unanswered(topic: &str) -> String {
    let seconds = SILENCE_MAX.as_secs();
    format!(
        "has results that it does not acknowledge for {seconds} s; see whether each partition of the topic \
         {topic:?} has its leader and as many replicas in sync as min.insync.replicas asks for \
         (kafka-topics.sh --describe), and whether a quota (producer_byte_rate) holds us back"
    )
}

/// For how long Kafka's client has had results of which it does not know what became. Pure.
#[derive(Debug, Default)]
struct Owed {
    /// When it was looked, and the number of the next result then: those before were handed over. The first
    /// is as old as is asked for, once it was looked for so long.
    marks: VecDeque<(Instant, usize)>,
    is_long: bool,
}

impl Owed {
    /// Of the results that the client has, the first bears this number; the next that it gets, that one.
    fn look(&mut self, now: Instant, first_sent: Option<usize>, next: usize) {
        let is_old = |(at, _): &(Instant, usize)| now.duration_since(*at) >= SILENCE_MAX;
        self.marks.push_back((now, next));
        // No more than one a look within that time stay.
        while self.marks.get(1).is_some_and(is_old) {
            self.marks.pop_front();
        }
        let old = self.marks.front().filter(|mark| is_old(mark));
        self.is_long = old.is_some_and(|(_, next)| first_sent.is_some_and(|first| first < *next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_owed_long_whatever_is_answered_for_others() {
        let (begin, mut owed) = (Instant::now(), Owed::default());
        // Two results a second, of which each but the fourth is acknowledged within the second.
        for second in 0..60_u32 {
            let next = usize::try_from(second).unwrap() * 2;
            let first_sent = match second {
                0 => None,
                1..40 => Some((next - 1).min(3)),
                _ => Some(next - 1),
            };
            owed.look(begin + LOOK_INTERVAL * second, first_sent, next);
            // It was handed over by the look of the second second.
            assert_eq!(owed.is_long, (12..40).contains(&second), "{second} s");
            assert!(owed.marks.len() <= 12);
        }
    }

    #[test]
    fn a_client_that_has_nothing_owes_nothing() {
        let (begin, mut owed) = (Instant::now(), Owed::default());
        owed.look(begin, None, 5);
        owed.look(begin + SILENCE_MAX * 2, None, 5);
        assert!(!owed.is_long);
        // What was handed over since is young, however long nothing was.
        owed.look(begin + SILENCE_MAX * 3, Some(5), 6);
        assert!(!owed.is_long);
        owed.look(begin + SILENCE_MAX * 4, Some(5), 6);
        assert!(owed.is_long);
    }
}
