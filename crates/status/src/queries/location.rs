//! From where websites are checked.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::words;

/// Who was not heard for so many of the shortest interval, and the time that a check may take, is
/// silent.
const SILENT_INTERVALS: f64 = 3.0;
const CHECK_MAX: SignedDuration = SignedDuration::from_secs(30);

/// From where websites are checked.
#[derive(Debug, Deserialize)]
pub(crate) struct Location {
    pub(crate) name: String,
    pub(crate) heard_at: Option<Timestamp>,
    /// The shortest interval of its websites, in seconds; `None` where none of them is heard.
    pub(crate) every: Option<f64>,
}

impl Location {
    /// What it is called.
    pub(crate) fn title(&self) -> String {
        words::place(&self.name)
    }

    /// No result of it came for three intervals.
    pub(crate) fn is_silent(&self, now: Timestamp) -> bool {
        let (Some(heard_at), Some(every)) = (self.heard_at, self.every) else {
            return true;
        };
        let intervals = SignedDuration::try_from_secs_f64(SILENT_INTERVALS * every);
        let limit = intervals
            .unwrap_or(SignedDuration::MAX)
            .saturating_add(CHECK_MAX);
        now.duration_since(heard_at) > limit
    }
}
