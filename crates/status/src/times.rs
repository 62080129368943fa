//! Times and how long things took, as they are said. The server speaks UTC; the script makes them
//! the reader's.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use maud::{Markup, html};

/// Up to how many of a unit the smaller one is told.
const SMALLER_MAX: i64 = 90;
/// Hours that are told as hours.
const HOURS_MAX: i64 = 48;
/// A time that is older is told with its day.
const CLOCK_ONLY: SignedDuration = SignedDuration::from_hours(24);

/// How a time is written in an address.
pub(crate) const EXAMPLE: &str = "2026-08-22T03:12:00Z";
/// The year before which whatever is asked for was, in an address: the database's calendar has an end.
const YEAR_END: i16 = 3000;

/// A time of an address, of those that the database can be asked for.
pub(crate) fn asked_for(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    let is_sound = time >= Timestamp::UNIX_EPOCH && day_of(time).year() < YEAR_END;
    is_sound.then_some(time)
}

/// How much of a time is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// 14:08
    Minutes,
    /// 14:08:14
    Seconds,
    /// 27 Aug 14:08
    Day,
}

/// A time of day.
pub(crate) fn time(at: Timestamp, clock: Clock) -> Markup {
    let (format, kind) = match clock {
        Clock::Minutes => ("%H:%M", "5"),
        Clock::Seconds => ("%H:%M:%S", "8"),
        Clock::Day => ("%-d %b %H:%M", "d"),
    };
    html! { time datetime=(iso(at)) data-f=(kind) { (utc(at, format)) } }
}

/// A time as near as a person needs it: with its day, where that is not today's.
pub(crate) fn moment(at: Timestamp, now: Timestamp) -> Markup {
    let is_near = now.duration_since(at).abs() < CLOCK_ONLY;
    time(at, if is_near { Clock::Minutes } else { Clock::Day })
}

/// How long ago, counted on by the script.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> Markup {
    html! { span data-age=(iso(at)) { (span(now.duration_since(at))) } }
}

/// How long.
pub(crate) fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    if seconds < SMALLER_MAX {
        format!("{seconds} s")
    } else if minutes < SMALLER_MAX {
        format!("{minutes} min")
    } else if hours < HOURS_MAX {
        format!("{hours} h")
    } else {
        format!("{} d", hours / 24)
    }
}

/// How often: whole minutes as such.
pub(crate) fn interval(time: SignedDuration) -> String {
    match (time.as_secs(), time.subsec_nanos()) {
        (seconds, 0) if seconds % 60 == 0 && seconds > 0 => span(time).replace("60 s", "1 min"),
        (_, 0) => format!("{} s", time.as_secs()),
        _ => format!("{} s", time.as_secs_f64()),
    }
}

/// As machines write it, to the second.
pub(crate) fn iso(at: Timestamp) -> String {
    utc(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// The day that a time is of.
pub(crate) fn day_of(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

/// 27 August
pub(crate) fn day(day: Date) -> String {
    day.strftime("%-d %B").to_string()
}

/// As the format says, in UTC.
pub(crate) fn utc(at: Timestamp, format: &str) -> String {
    TimeZone::UTC.to_datetime(at).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_told_in_the_unit_that_fits() {
        let told = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(told(-3), "0 s");
        assert_eq!(told(89), "89 s");
        assert_eq!(told(90), "1 min");
        assert_eq!(told(5399), "89 min");
        assert_eq!(told(5400), "1 h");
        assert_eq!(told(48 * 3600), "2 d");
        let every = |millis| interval(SignedDuration::from_millis(millis));
        assert_eq!(every(60_000), "1 min");
        assert_eq!(every(90_000), "90 s");
        assert_eq!(every(180_000), "3 min");
        assert_eq!(every(500), "0.5 s");
    }

    #[test]
    fn a_time_of_another_day_tells_the_day() {
        let now = "2026-08-27T14:32:10Z".parse().unwrap();
        let told = |at: &str| moment(at.parse().unwrap(), now).into_string();
        assert!(told("2026-08-27T14:08:14Z").ends_with(">14:08</time>"));
        assert!(told("2026-08-22T03:12:00Z").ends_with(">22 Aug 03:12</time>"));
    }
}
