//! Values as they may be shown: as their JSON, with secrets hidden.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the table of fields looks at what a target holds"
)]

use std::time::Duration;

use http::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    pattern::Pattern,
    probe::{IpVersion, Statuses},
};

/// What stands for a secret.
const SECRET: &str = "***";

pub(super) fn secret() -> Value {
    json!(SECRET)
}

/// By name alone: their values are secrets more often than not.
pub(super) fn headers(headers: &HeaderMap) -> Value {
    let names = headers.keys();
    Value::Object(names.map(|name| (name.to_string(), secret())).collect())
}

/// In seconds.
pub(super) fn duration(duration: &Duration) -> Value {
    json!(duration.as_secs_f64())
}

pub(super) fn pattern(pattern: &Pattern) -> Value {
    json!(pattern.as_str())
}

pub(super) fn method(method: &Method) -> Value {
    json!(method.as_str())
}

pub(super) fn statuses(statuses: &Statuses) -> Value {
    let ranges = statuses.0.iter();
    let ranges: Vec<_> = ranges
        .map(|range| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        })
        .collect();
    json!(ranges.join(" "))
}

pub(super) fn ip_version(version: &IpVersion) -> Value {
    match version {
        IpVersion::V4 => json!(4),
        IpVersion::V6 => json!(6),
    }
}

pub(super) fn number(number: &u32) -> Value {
    json!(number)
}

pub(super) fn flag(flag: &bool) -> Value {
    json!(flag)
}

pub(super) fn percent(percent: &f64) -> Value {
    json!(percent)
}

pub(super) fn text(text: &String) -> Value {
    json!(text)
}

pub(super) fn words(words: &Vec<String>) -> Value {
    json!(words)
}
