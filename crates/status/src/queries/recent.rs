//! Which results a page looks for. The server plans for the days between these times alone, which it can only
//! where it is told them: of a year of days it would else look at each in each plan, for longer than a page takes.

use std::time::SystemTime;

use database::system_time;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

/// A website of which nothing came for so long is told by its days alone.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(8 * 24);
/// No record is due later than this.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// From when until when results are due that say how things are. Days matter here, not whose clock it is.
pub(super) fn recent() -> (SystemTime, SystemTime) {
    let now = Timestamp::now();
    let until = now.saturating_add(AHEAD).unwrap_or(now);
    (before(now), system_time(until))
}

/// The same up to a time.
pub(super) fn recent_before(time: Timestamp) -> (SystemTime, SystemTime) {
    (before(time), system_time(time))
}

/// From the first moment of a day to the last of another one (UTC); no time at all where that is longer than
/// results are looked through.
pub(super) fn few_days(from: Date, to: Date) -> (SystemTime, SystemTime) {
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    let span = midnight(from).and_then(|since| Ok((since, midnight(to.tomorrow()?)?)));
    match span {
        Ok((since, until)) if until.duration_since(since) < LOOKED_BACK => {
            (system_time(since), system_time(until))
        }
        _ => (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH),
    }
}

fn before(time: Timestamp) -> SystemTime {
    system_time(time.saturating_sub(LOOKED_BACK).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_looked_through_and_more_is_not() {
        let day = |day| jiff::civil::date(2026, 11, day);
        let (since, until) = few_days(day(1), day(7));
        let length = until.duration_since(since).unwrap();
        assert_eq!(length.as_secs(), 7 * 86_400);
        let (since, until) = few_days(day(1), day(8));
        assert_eq!(since, until);
    }
}
