//! How it goes where there is much to count: after a backlog, or with a database that was there
//! before roll-ups were.

use tracing::info;

use crate::numbers;

/// So many hours are much: a few are always to be counted.
const MUCH_HOURS: i64 = 48;

/// Says it when it begins and when it is over.
#[derive(Debug, Default)]
pub(super) struct Progress {
    is_much: bool,
}

impl Progress {
    /// So many hours are to be counted now, of which the oldest has waited so long.
    #[expect(clippy::cast_precision_loss, reason = "hours are few")]
    pub(super) fn left(&mut self, hours: i64, seconds: f64) {
        numbers::DIRTY_HOURS.gauge().set(hours as f64);
        numbers::DIRTY_SECONDS.gauge().set(seconds);
        if hours >= MUCH_HOURS && !self.is_much {
            info!(
                "{hours} hours are to be counted for the roll-ups, beside the results; newest first"
            );
            self.is_much = true;
        } else if self.is_much && hours < MUCH_HOURS / 2 {
            info!("The roll-ups are up to date");
            self.is_much = false;
        }
    }
}
