//! Times, as the driver takes them: it knows the system's type and not ours.

use std::time::SystemTime;

use jiff::Timestamp;

/// The same time, for a `timestamptz`.
pub fn system_time(time: Timestamp) -> SystemTime {
    // The system's clock counts seconds in 64 bits: it holds every time that there is.
    SystemTime::try_from(time).unwrap_or(SystemTime::UNIX_EPOCH)
}
