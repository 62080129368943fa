//! The wall clock, in the microseconds that records carry, and whether it can be believed.

mod trust;

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

pub(crate) use self::trust::{ClockTrouble, ClockWatch, is_before_build};

/// What the time is.
pub(crate) fn now() -> Timestamp {
    let micros = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    // A clock before 1970 or past the year 9999 shows nothing to go by.
    i64::try_from(micros)
        .ok()
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .unwrap_or_default()
}
