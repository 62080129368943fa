//! How it stands, for a person and as JSON.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;
use serde_json::{Value, json};
use service::http::Readiness;

use super::{kafka::Asked, tables::Tables};
use crate::fates::FATES;

const MILLIS_A_SECOND: i64 = 1000;

/// What was found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) tables: Tables,
    pub(super) asked: Asked,
    /// What the running service says of itself, or why it cannot be asked.
    pub(super) readiness: Result<Readiness, String>,
    /// When it was so.
    pub(super) time: Timestamp,
}

impl Report {
    /// As one object.
    pub(super) fn json(&self) -> Value {
        let mut partitions = self.tables.partitions.clone();
        for partition in &mut partitions {
            let (lag, owner) = (self.lag(partition), self.owner(partition));
            partition["lag_seconds"] = json!(self.lag_seconds(partition));
            partition["lag"] = json!(lag);
            partition["owner"] = json!(owner);
        }
        let service = match &self.readiness {
            Ok(Readiness { is_ready, lines }) => json!({"ready": is_ready, "says": lines}),
            Err(error) => json!({"ready": null, "says": [error]}),
        };
        json!({
            "service": service,
            "partitions": partitions,
            "last_dead_letter": self.tables.last_letter,
            "to_do": self.tables.to_do,
            "locations": self.tables.locations,
            "unsent_alerts": self.tables.alerts,
            "days": self.tables.days,
            "error": self.asked.error,
        })
    }

    /// Records that are not stored yet, where Kafka said where the partition ends.
    fn lag(&self, partition: &Value) -> Option<i64> {
        let end = self.asked.ends.get(&id(partition)?)?;
        Some((end - partition["next_offset"].as_i64()?).max(0))
    }

    /// How long ago the first of them was made.
    fn lag_seconds(&self, partition: &Value) -> Option<i64> {
        if self.lag(partition)? == 0 {
            return Some(0);
        }
        let made = self.asked.waiting_since_ms.get(&id(partition)?)?;
        Some((self.time.as_millisecond() - made).max(0) / MILLIS_A_SECOND)
    }

    fn owner(&self, partition: &Value) -> Option<&str> {
        self.asked.owners.get(&id(partition)?).map(String::as_str)
    }

    fn write_partition(&self, out: &mut Formatter<'_>, partition: &Value) -> fmt::Result {
        let known =
            |number: Option<i64>| number.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let (lag, seconds) = (self.lag(partition), self.lag_seconds(partition));
        writeln!(
            out,
            "partition {}: next {}, lag {} records, {} s",
            partition["partition"],
            partition["next_offset"],
            known(lag),
            known(seconds),
        )?;
        writeln!(
            out,
            "    owner {}",
            self.owner(partition).unwrap_or("nobody")
        )?;
        write!(out, "    moved {}", time(&partition["updated_at"]))?;
        for fate in FATES {
            let count = partition[fate].as_i64().unwrap_or(0);
            if count != 0 {
                write!(out, ", {count} {}", fate.replace('_', " "))?;
            }
        }
        writeln!(out)
    }
}

/// Incidents, what is to be told, roll-ups, locations.
fn write_to_do(out: &mut Formatter<'_>, tables: &Tables) -> fmt::Result {
    let to_do = &tables.to_do;
    for (count, of, of_one, since) in [
        (
            "open_incidents",
            "open incidents",
            "open incident",
            "oldest_incident",
        ),
        (
            "waiting_news",
            "things are to be told",
            "thing is to be told",
            "oldest_news",
        ),
        (
            "dirty_hours",
            "hours are to be counted for the roll-ups",
            "hour is to be counted for the roll-ups",
            "oldest_dirty_hour",
        ),
    ] {
        let since = time(&to_do[since]);
        match to_do[count].as_i64().unwrap_or(0) {
            0 => {}
            1 => writeln!(out, "1 {of_one}, of {since}")?,
            count => writeln!(out, "{count} {of}, the oldest of {since}")?,
        }
    }
    for location in &tables.locations {
        let (name, heard_at) = (text(&location["location"]), time(&location["heard_at"]));
        write!(out, "location {name:?}: last heard at {heard_at}")?;
        for (since, what) in [
            ("silent_since", "silent"),
            ("network_out_since", "its network is out"),
        ] {
            if location[since].is_string() {
                write!(out, ", {what} since {}", time(&location[since]))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A text of the tables, with nothing in it that moves a terminal.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or("?");
    text.replace(char::is_control, " ")
}

/// A time of the tables, to the second, which is as much as a person wants; as JSON it is whole.
fn time(value: &Value) -> String {
    let text = text(value);
    let time = text.parse::<Timestamp>().ok();
    let second = time.and_then(|time| Timestamp::from_second(time.as_second()).ok());
    second.map_or(text, |second| second.to_string())
}

/// Bytes as a person reads them: `812 kB`, `4.1 MB`.
#[expect(
    clippy::cast_precision_loss,
    reason = "one digit after the point is shown"
)]
fn size(bytes: i64) -> String {
    let mut size = bytes as f64 / 1e3;
    for unit in ["kB", "MB", "GB"] {
        if size < 1e3 {
            let digits = usize::from(unit != "kB" && size < 1e2);
            return format!("{size:.digits$} {unit}");
        }
        size /= 1e3;
    }
    format!("{size:.1} TB")
}

fn id(partition: &Value) -> Option<i32> {
    i32::try_from(partition["partition"].as_i64()?).ok()
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match &self.readiness {
            Ok(Readiness { lines, .. }) => writeln!(out, "service: {}", lines.join("\n    "))?,
            Err(error) => writeln!(out, "service: not known: {error}")?,
        }
        for partition in &self.tables.partitions {
            self.write_partition(out, partition)?;
        }
        if let Some(letter) = &self.tables.last_letter {
            let (made, reason) = (time(&letter["created_at"]), text(&letter["reason"]));
            writeln!(
                out,
                "last dead letter: {} of {made}: {reason}",
                letter["id"]
            )?;
            writeln!(out, "    {}", text(&letter["error"]))?;
        }
        write_to_do(out, &self.tables)?;
        for alerts in &self.tables.alerts {
            let (receiver, oldest) = (text(&alerts["receiver"]), time(&alerts["oldest"]));
            writeln!(
                out,
                "receiver {receiver}: {} alerts wait, the oldest since {oldest}, {} attempts",
                alerts["unsent"], alerts["attempts"]
            )?;
            if alerts["last_error"].is_string() {
                writeln!(out, "    {}", text(&alerts["last_error"]))?;
            }
        }
        for day in &self.tables.days {
            let bytes = day["bytes"].as_i64().unwrap_or(0);
            writeln!(out, "{}: {}", text(&day["day"]), size(bytes))?;
        }
        match &self.asked.error {
            Some(error) => writeln!(out, "{error}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_has_its_lag_and_its_owner() {
        let time: Timestamp = "2026-11-25T03:12:00Z".parse().unwrap();
        let partition = json!({"partition": 1, "next_offset": 7, "rows": 5, "dead_letters": 2, "updated_at": "t"});
        let report = Report {
            tables: Tables {
                partitions: vec![partition, json!({"partition": 2, "next_offset": 1})],
                last_letter: Some(json!({"id": 3, "reason": "not_json", "error": "a\u{1b}b"})),
                alerts: vec![
                    json!({"receiver": "ops", "unsent": 2, "oldest": "t", "attempts": 7, "last_error": "refused"}),
                ],
                to_do: json!({"open_incidents": 3, "oldest_incident": "t", "waiting_news": 0, "dirty_hours": 1,
                    "oldest_dirty_hour": "2026-11-25T03:00:00.77669+00:00"}),
                locations: vec![json!({"location": "paris", "heard_at": "t", "silent_since": "s"})],
                days: vec![json!({"day": "metrics_20261126", "bytes": 8192})],
            },
            asked: Asked {
                ends: [(1, 17)].into(),
                owners: [(1, "me /1.2.3.4".to_owned())].into(),
                error: Some("Kafka: away".to_owned()),
                waiting_since_ms: [(1, time.as_millisecond() - 7_500)].into(),
            },
            time,
            readiness: Ok(Readiness {
                is_ready: false,
                lines: vec![
                    "PostgreSQL: away".to_owned(),
                    "certificates: old".to_owned(),
                ],
            }),
        };
        let json = report.json();
        assert_eq!(json["partitions"][0]["lag"], 10);
        assert_eq!(json["partitions"][0]["lag_seconds"], 7);
        assert_eq!(json["service"]["ready"], false);
        assert_eq!(json["partitions"][0]["owner"], "me /1.2.3.4");
        assert_eq!(json["partitions"][1]["lag"], Value::Null);
        let text = report.to_string();
        for part in [
            "service: PostgreSQL: away\n    certificates: old",
            "partition 1: next 7, lag 10 records, 7 s\n    owner me /1.2.3.4\n    moved t, 5 rows, 2 dead",
            "partition 2: next 1, lag ? records, ? s\n    owner nobody",
            "last dead letter: 3 of ?: not_json\n    a b",
            "receiver ops: 2 alerts wait, the oldest since t, 7 attempts\n    refused",
            "3 open incidents, the oldest of t\n1 hour is to be counted for the roll-ups, of 2026-11-25T03:00:00Z\n",
            "location \"paris\": last heard at t, silent since s\n",
            "metrics_20261126: 8 kB\n",
            "Kafka: away",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains('\u{1b}'), "nothing moves a terminal");
    }

    #[test]
    fn sizes_are_for_people() {
        let sizes = [
            0,
            286_720,
            4_100_000,
            409_000_000,
            2_500_000_000,
            3_000_000_000_000,
        ];
        let expected = ["0 kB", "287 kB", "4.1 MB", "409 MB", "2.5 GB", "3.0 TB"];
        assert_eq!(sizes.map(size), expected);
    }
}
