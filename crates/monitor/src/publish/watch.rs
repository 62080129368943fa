//! The watch over Kafka's silence, and the reminders of what waits because of it.

use std::time::Duration;

use service::kafka::Observer;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use tracing::warn;

use super::unpublished::Unpublished;

/// How often it is looked at whether Kafka still answers.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Without an acknowledgement for so long, Kafka counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How often the log says that results wait, or are dropped.
const REMIND_INTERVAL: Duration = Duration::from_secs(30);

/// What is known of how well Kafka answers.
#[derive(Debug)]
pub(super) struct Watch {
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
            heard_at: Instant::now(),
            reminded_at: Instant::now(),
            ticks,
        }
    }

    /// Kafka answered, or had nothing to answer until now.
    pub(super) fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// Waits until it is time to look.
    pub(super) async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    /// Sees whether Kafka still answers, and says from time to time what waits.
    pub(super) fn look(&mut self, unpublished: &mut Unpublished, observer: &Observer) {
        let silent = self.heard_at.elapsed() > SILENCE_MAX;
        if silent && unpublished.backlog.has_sent() {
            let seconds = SILENCE_MAX.as_secs();
            observer.failed(&format!("has acknowledged nothing for {seconds} s"));
        }
        if self.reminded_at.elapsed() < REMIND_INTERVAL {
            return;
        }
        self.reminded_at = Instant::now();
        let dropped = unpublished.drops.take_since_reminder();
        let (waiting, spooled) = (unpublished.waiting(), unpublished.spool.on_disk());
        if silent && waiting > 0 {
            warn!(waiting, spooled, dropped, "Results wait for Kafka");
        }
    }
}
