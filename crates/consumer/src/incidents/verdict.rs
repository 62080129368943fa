//! What one result says of its website, if it counts.

use jiff::{SignedDuration, Timestamp};
use messages::{OutcomeKind, Record, Witness};

use super::rules::Rules;

/// The interval of a result that names none, as the monitor's own default.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// No target is checked less often than once in a year; so sums with intervals always make sense.
const INTERVAL_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// What is kept of a location's name, in characters: an index holds no more than some 2,700 bytes.
pub(crate) const LOCATION_CHARS_MAX: usize = 200;
/// The statuses that are good where a record says only them, as the original's do.
const GOOD_STATUSES: std::ops::Range<i32> = 100..400;

/// What a result that counts says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict<'a> {
    /// Who looked.
    pub(crate) location: &'a str,
    /// When the check was due, in microseconds, as a row has it.
    pub(crate) due: Timestamp,
    /// From one check to the next.
    pub(crate) interval: SignedDuration,
    /// Whether the website failed.
    pub(crate) is_down: bool,
    /// Failed results in a row that it takes.
    pub(crate) down_after: u32,
    /// Good results in a row that it takes.
    pub(crate) up_after: u32,
}

impl<'a> Verdict<'a> {
    /// What a record says; `None` when it does not count: nobody looked, or the prober doubts itself.
    /// Nor does one without a url, as the original's of failed checks: nothing would ever say that it
    /// is up again.
    pub(crate) fn of(record: &'a Record, rules: &Rules) -> Option<Self> {
        let is_down = match record.outcome {
            Some(OutcomeKind::Up) => false,
            Some(OutcomeKind::Down) => true,
            Some(OutcomeKind::Missed | OutcomeKind::Skipped) => return None,
            None => !GOOD_STATUSES.contains(&record.error_code),
        };
        let doubt = &record.self_doubt;
        if doubt.overloaded == Some(true)
            || doubt.witness == Some(Witness::Down)
            || record.url.is_empty()
        {
            return None;
        }
        let target = record.target.as_ref();
        Some(Self {
            location: location_name(&record.location),
            due: microseconds(record.scheduled_at),
            interval: interval(record.interval),
            is_down,
            down_after: rules.down_after(target),
            up_after: rules.up_after(target),
        })
    }
}

/// A location's name as states know it.
pub(crate) fn location_name(name: &str) -> &str {
    // Bytes are at least as many as characters, and quick to count.
    if name.len() <= LOCATION_CHARS_MAX {
        return name;
    }
    let end = name.char_indices().nth(LOCATION_CHARS_MAX);
    end.map_or(name, |(end, _)| &name[..end])
}

/// An interval as a row has it: to six digits.
pub(crate) fn interval(seconds: Option<f64>) -> SignedDuration {
    #[expect(clippy::cast_possible_truncation, reason = "so does the row")]
    let seconds = seconds.map(|seconds| f64::from(seconds as f32));
    let seconds = seconds.filter(|&seconds| seconds > 0.0);
    let interval = seconds.map(|seconds| {
        SignedDuration::try_from_secs_f64(seconds).map_or(INTERVAL_MAX, |it| it.min(INTERVAL_MAX))
    });
    interval.unwrap_or(INTERVAL)
}

/// A time as a row has it.
fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::record;

    fn counts(record: &Record) -> Option<bool> {
        Verdict::of(record, &Rules::default()).map(|verdict| verdict.is_down)
    }

    #[test]
    fn a_result_counts_when_somebody_looked_and_believes_it() {
        assert_eq!(counts(&record(1, OutcomeKind::Up)), Some(false));
        let mut down = record(1, OutcomeKind::Down);
        assert_eq!(counts(&down), Some(true));
        assert_eq!(counts(&record(1, OutcomeKind::Missed)), None);
        assert_eq!(counts(&record(1, OutcomeKind::Skipped)), None);
        down.self_doubt.witness = Some(Witness::Up);
        down.self_doubt.overloaded = Some(false);
        assert_eq!(counts(&down), Some(true));
        down.self_doubt.overloaded = Some(true);
        assert_eq!(counts(&down), None);
        down.self_doubt.overloaded = None;
        down.self_doubt.witness = Some(Witness::Down);
        assert_eq!(counts(&down), None);
    }

    #[test]
    fn a_record_of_the_original_is_judged_by_its_code() {
        let mut record = record(1, OutcomeKind::Up);
        record.outcome = None;
        for (code, is_down) in [
            (200, false),
            (399, false),
            (400, true),
            (-1, true),
            (599, true),
        ] {
            record.error_code = code;
            assert_eq!(counts(&record), Some(is_down), "{code}");
        }
        record.url = String::new().into();
        assert_eq!(counts(&record), None, "nobody knows of what");
    }

    #[test]
    fn a_verdict_says_who_looked_when_and_how_many_it_takes() {
        let mut record = record(1, OutcomeKind::Down);
        record.location = "ams".into();
        record.scheduled_at = "2026-11-25T03:12:00.123456789Z".parse().unwrap();
        record.interval = Some(2.5);
        record.target = json!({"down_after": 3}).as_object().cloned();
        let verdict = Verdict::of(&record, &Rules::default()).unwrap();
        assert_eq!(verdict.location, "ams");
        assert_eq!(verdict.due.to_string(), "2026-11-25T03:12:00.123456Z");
        assert_eq!(verdict.interval, SignedDuration::from_millis(2_500));
        assert_eq!((verdict.down_after, verdict.up_after), (3, 1));
    }

    #[test]
    fn intervals_and_names_are_made_to_make_sense() {
        assert_eq!(interval(None), INTERVAL);
        for senseless in [0.0, -1.0, f64::NAN] {
            assert_eq!(interval(Some(senseless)), INTERVAL);
        }
        assert_eq!(interval(Some(1e30)), INTERVAL_MAX);
        assert_eq!(interval(Some(0.5)), SignedDuration::from_millis(500));
        let long = "ü".repeat(LOCATION_CHARS_MAX + 1);
        let kept = location_name(&long).chars().count();
        assert_eq!(kept, LOCATION_CHARS_MAX);
        assert_eq!(location_name("a"), "a");
    }
}
