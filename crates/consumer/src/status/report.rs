//! How it stands, for a person and as JSON.

use std::fmt::{self, Display, Formatter};

use serde_json::{Value, json};

use super::{kafka::Asked, tables::Tables};

/// What offsets became, by their columns.
const FATES: [&str; 7] = [
    "rows",
    "duplicates",
    "replaced",
    "dead_letters",
    "expired",
    "gaps",
    "lost",
];

/// What was found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) tables: Tables,
    pub(super) asked: Asked,
}

impl Report {
    /// As one object.
    pub(super) fn json(&self) -> Value {
        let mut partitions = self.tables.partitions.clone();
        for partition in &mut partitions {
            let (lag, owner) = (self.lag(partition), self.owner(partition));
            partition["lag"] = json!(lag);
            partition["owner"] = json!(owner);
        }
        json!({
            "partitions": partitions,
            "last_dead_letter": self.tables.last_letter,
            "days": self.tables.days,
            "error": self.asked.error,
        })
    }

    /// Records that are not stored yet, where Kafka said where the partition ends.
    fn lag(&self, partition: &Value) -> Option<i64> {
        let end = self.asked.ends.get(&id(partition)?)?;
        Some((end - partition["next_offset"].as_i64()?).max(0))
    }

    fn owner(&self, partition: &Value) -> Option<&str> {
        self.asked.owners.get(&id(partition)?).map(String::as_str)
    }
}

fn id(partition: &Value) -> Option<i32> {
    i32::try_from(partition["partition"].as_i64()?).ok()
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for partition in &self.tables.partitions {
            let lag = self.lag(partition);
            let lag = lag.map_or_else(|| "?".to_owned(), |lag| lag.to_string());
            let owner = self.owner(partition).unwrap_or("nobody");
            write!(
                out,
                "partition {}: next {}, lag {lag}, owner {owner}, moved {}",
                partition["partition"], partition["next_offset"], partition["updated_at"]
            )?;
            for fate in FATES {
                let count = partition[fate].as_i64().unwrap_or(0);
                if count != 0 {
                    write!(out, ", {count} {}", fate.replace('_', " "))?;
                }
            }
            writeln!(out)?;
        }
        if let Some(letter) = &self.tables.last_letter {
            writeln!(
                out,
                "last dead letter: {} of {}: {} {}",
                letter["id"], letter["created_at"], letter["reason"], letter["error"]
            )?;
        }
        for day in &self.tables.days {
            let name = day["day"].as_str().unwrap_or("");
            writeln!(out, "{name}: {} bytes", day["bytes"])?;
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
        let partition = json!({"partition": 1, "next_offset": 7, "rows": 5, "dead_letters": 2, "updated_at": "t"});
        let report = Report {
            tables: Tables {
                partitions: vec![partition, json!({"partition": 2, "next_offset": 1})],
                last_letter: Some(json!({"id": 3, "reason": "not_json", "error": "a\u{1b}b"})),
                days: vec![json!({"day": "metrics_20261126", "bytes": 8192})],
            },
            asked: Asked {
                ends: [(1, 17)].into(),
                owners: [(1, "me /1.2.3.4".to_owned())].into(),
                error: Some("Kafka: away".to_owned()),
            },
        };
        let json = report.json();
        assert_eq!(json["partitions"][0]["lag"], 10);
        assert_eq!(json["partitions"][0]["owner"], "me /1.2.3.4");
        assert_eq!(json["partitions"][1]["lag"], Value::Null);
        let text = report.to_string();
        for part in [
            "partition 1: next 7, lag 10, owner me /1.2.3.4, moved \"t\", 5 rows, 2 dead letters",
            "partition 2: next 1, lag ?, owner nobody",
            "metrics_20261126: 8192 bytes",
            "Kafka: away",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains('\u{1b}'), "nothing moves a terminal");
    }
}
