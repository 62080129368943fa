//! A field of the record is written, read and explained; the one that was forgotten is named. That it
//! has its column, the consumer's tests hold.

use serde_json::{Map, Value};

use crate::{Origin, Record};

/// A record in which no field is null, as the monitor writes it.
const WHOLE: &str = include_str!("../../../../tests/golden/ours/whole.json");
const DOCUMENTATION: &str = include_str!("../../../../docs/record.md");

/// What a record with `schema_version` must have, beside what every record must.
const REQUIRED_WITH_VERSION: [&str; 2] = ["check_id", "scheduled_at"];

fn whole() -> Map<String, Value> {
    serde_json::from_str(WHOLE).unwrap()
}

/// The names of a record's fields, with those of its own objects: `timings.dns`.
fn paths() -> Vec<(String, Option<String>)> {
    let mut paths = Vec::new();
    for (field, value) in whole() {
        match value {
            // Its fields are the targets' file's, not the record's.
            Value::Object(inner) if field != "target" => {
                paths.extend(inner.keys().map(|key| (field.clone(), Some(key.clone()))));
            }
            _ => paths.push((field, None)),
        }
    }
    paths
}

fn read(record: &Map<String, Value>) -> Option<Record> {
    let origin = Origin {
        topic: "checks",
        partition: 0,
        offset: 0,
        timestamp_ms: Some(0),
    };
    let json = serde_json::to_vec(record).unwrap();
    Record::read(&json, &origin).ok()
}

#[test]
fn every_field_that_is_written_is_read() {
    let complete = read(&whole()).unwrap();
    for (field, inner) in paths() {
        let mut without = whole();
        match &inner {
            None => without.remove(&field),
            Some(key) => without[&field].as_object_mut().unwrap().remove(key),
        };
        let read = read(&without);
        let name = inner.map_or_else(|| field.clone(), |key| format!("{field}.{key}"));
        assert!(
            read.as_ref() != Some(&complete),
            "`{name}` is written, and not read"
        );
        let is_required = REQUIRED_WITH_VERSION.contains(&field.as_str());
        assert!(!is_required || read.is_none(), "`{name}` is required");
    }
}

#[test]
fn every_field_that_is_read_is_written() {
    let complete = format!("{:#?}", read(&whole()).unwrap());
    for line in complete.lines() {
        let empty = line.ends_with(": None,") || line.ends_with("(\"\"),");
        assert!(
            !empty,
            "{} is read, and the monitor never writes it",
            line.trim()
        );
    }
}

#[test]
fn every_field_is_explained_in_the_order_in_which_it_is_written() {
    let table = DOCUMENTATION.split("\n## ").next().unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let place = |field: &str| {
        let names = |row: &&str| {
            row.split('|')
                .nth(1)
                .unwrap()
                .contains(&format!("`{field}`"))
        };
        let place = rows.iter().position(names);
        place.unwrap_or_else(|| panic!("docs/record.md says nothing of `{field}`"))
    };
    for (field, inner) in paths() {
        let row = rows[place(&field)];
        let inner = inner.unwrap_or_else(|| field.clone());
        assert!(
            row.contains(&format!("`{inner}`")),
            "docs/record.md: `{inner}` of `{field}`"
        );
    }
    let mut written: Vec<_> = whole().into_iter().map(|(field, _)| field).collect();
    written.sort_by_key(|field| WHOLE.find(&format!("\"{field}\":")));
    assert!(
        written.is_sorted_by_key(|field| place(field)),
        "docs/record.md has another order than {written:?}"
    );
    assert_eq!(
        rows.len(),
        written.len(),
        "docs/record.md explains what is not written"
    );
}
