//! From a record's bytes to what can become a row, or to the reason why it cannot.

use jiff::{SignedDuration, Timestamp};
use messages::{Origin, Record};

use crate::{batch::RawRecord, schemas::Known, store::Refusal};

/// The longest url that a website can have, in characters.
const URL_CHARS_MAX: usize = 2048;
/// The first due time for which there can be a partition: 2000-01-01, in seconds since 1970.
const SCHEDULED_SECOND_MIN: i64 = 946_684_800;
/// How far ahead of now a due time may lie.
const SCHEDULED_AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Decodes records of one partition.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The time now.
    pub now: Timestamp,
    /// The first due time whose rows are kept, where not all are.
    pub kept_since: Option<Timestamp>,
    /// The schemas of Avro records.
    pub schemas: &'a Known,
}

impl Decoder<'_> {
    /// The record, if there can be a row for it.
    pub fn decode(&self, raw: &RawRecord<'_>) -> Result<Record, Refusal> {
        let origin = Origin {
            topic: self.topic,
            partition: self.partition,
            offset: raw.offset,
            timestamp_ms: raw.timestamp_ms,
        };
        let value = raw.value.unwrap_or_default();
        let record = self.schemas.read(value, &origin)?;
        self.check(&record)?;
        Ok(record)
    }

    fn check(&self, record: &Record) -> Result<(), Refusal> {
        // Bytes are at least as many as characters, and quick to count.
        if record.url.len() > URL_CHARS_MAX && record.url.chars().count() > URL_CHARS_MAX {
            let error = format!("`url` has more than {URL_CHARS_MAX} characters");
            return Err(Refusal::new("url_too_long", &error));
        }
        if let Some((field, seconds)) = too_long(record) {
            let error = format!("field `{field}`: no duration is {seconds:e} seconds long");
            return Err(Refusal::new("duration_out_of_range", &error));
        }
        let due = record.scheduled_at;
        let ahead = due.duration_since(self.now);
        if due.as_second() < SCHEDULED_SECOND_MIN || ahead > SCHEDULED_AHEAD_MAX {
            let error = format!(
                "the check's time, {due}, is before the year 2000 or more than a day ahead of {}",
                self.now
            );
            return Err(Refusal::new("scheduled_at_out_of_range", &error));
        }
        if self.kept_since.is_some_and(|since| due < since) {
            return Err(Refusal::expired());
        }
        Ok(())
    }
}

/// A duration that PostgreSQL's `real` does not hold, with its name.
fn too_long(record: &Record) -> Option<(&'static str, f64)> {
    let timings = &record.timings;
    let durations = [
        ("response_time", Some(record.response_time)),
        ("interval", record.interval),
        ("timings.dns", timings.dns),
        ("timings.connect", timings.connect),
        ("timings.tls", timings.tls),
        ("timings.first_byte", timings.first_byte),
        ("timings.body", timings.body),
        ("prober.schedule_lag", record.self_doubt.schedule_lag),
    ];
    durations
        .into_iter()
        .filter_map(|(name, seconds)| Some((name, seconds?)))
        .find(|(_, seconds)| seconds.abs() > f64::from(f32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(value: &str, timestamp_ms: Option<i64>) -> Result<Record, Refusal> {
        let raw = RawRecord {
            offset: 7,
            timestamp_ms,
            key: None,
            value: Some(value.as_bytes()),
        };
        let decoder = Decoder {
            topic: "checks",
            partition: 0,
            now: "2026-11-25T12:00:00Z".parse().unwrap(),
            kept_since: Some("2000-01-01T00:00:01Z".parse().unwrap()),
            schemas: &Known::default(),
        };
        decoder.decode(&raw)
    }

    fn due(time: &str) -> Result<Record, Refusal> {
        decode(
            &format!(
                r#"{{"url":"u","error_code":200,"response_time":1,"schema_version":1,
                "check_id":"3b241101-e2bb-4255-8caf-4136c566a962","scheduled_at":"{time}"}}"#
            ),
            None,
        )
    }

    #[test]
    fn due_times_reach_from_2000_to_a_day_ahead() {
        for time in ["2000-01-01T00:00:01Z", "2026-11-26T12:00:00Z"] {
            assert!(due(time).is_ok(), "{time}");
        }
        for time in [
            "1999-12-31T23:59:59.999Z",
            "2026-11-26T12:00:00.001Z",
            "-009999-01-02T02:00:00Z",
        ] {
            assert_eq!(
                due(time).unwrap_err().reason,
                "scheduled_at_out_of_range",
                "{time}"
            );
        }
    }

    #[test]
    fn a_record_that_was_due_before_what_is_kept_is_expired() {
        let refusal = due("2000-01-01T00:00:00.999Z").unwrap_err();
        assert!(refusal.is_expired());
        assert!(!due("1999-12-31T23:59:59Z").unwrap_err().is_expired());
    }

    #[test]
    fn a_record_of_the_original_is_judged_by_its_kafka_timestamp() {
        let value =
            r#"{"url":"","error_code":-1,"response_time":-1,"regex_pattern":"","matched_text":""}"#;
        assert!(decode(value, Some(1_764_000_000_000)).is_ok());
        assert_eq!(
            decode(value, Some(0)).unwrap_err().reason,
            "scheduled_at_out_of_range"
        );
        assert_eq!(decode(value, None).unwrap_err().reason, "no_time");
    }

    #[test]
    fn a_duration_that_no_column_holds_is_named() {
        let body = |seconds: &str| {
            let value = format!(
                r#"{{"url":"u","error_code":1,"response_time":1,"timings":{{"body":{seconds}}}}}"#
            );
            decode(&value, Some(1_764_000_000_000))
        };
        assert!(body("3e38").is_ok());
        assert!(body("1e-300").is_ok());
        let refusal = body("-4e38").unwrap_err();
        assert_eq!(refusal.reason, "duration_out_of_range");
        assert!(refusal.error.contains("timings.body"), "{}", refusal.error);
    }

    #[test]
    fn urls_are_measured_in_characters() {
        let with_url = |url: &str| {
            decode(
                &format!(r#"{{"url":"{url}","error_code":1,"response_time":1}}"#),
                Some(1_764_000_000_000),
            )
        };
        assert!(with_url(&"ü".repeat(URL_CHARS_MAX)).is_ok());
        assert_eq!(
            with_url(&"x".repeat(URL_CHARS_MAX + 1)).unwrap_err().reason,
            "url_too_long"
        );
    }
}
