//! The table of fields: what a row may say of its target, by which name, what it must look like, and
//! how it is shown.
//!
//! A field stands here and nowhere else: as a column of CSV and a key of JSON alike.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use messages::Maintenance;
use serde_json::{Map, Value, json};

use super::{
    address::parse_url,
    draft::Draft,
    shown,
    target::Target,
    text::trim_unseen,
    values::{
        body, count, duration, flag, headers, ip_version, method, pattern, percent, statuses, text,
        words, words_for_people,
    },
};

const INTERVAL: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(1);
const REDIRECTS: RangeInclusive<u32> = 0..=100;
const RETRIES: RangeInclusive<u32> = 0..=10;
const RESULTS: RangeInclusive<u32> = 1..=100;
const DAYS: RangeInclusive<u32> = 0..=3_650;

/// What a row may say of its target.
#[derive(Debug)]
pub(super) struct Field {
    /// Written so, in either case.
    pub(super) name: &'static str,
    /// What other programs call it, in lower case with underscores.
    pub(super) peers: &'static [&'static str],
    /// Understands a value; an error stands behind "the name".
    pub(super) set: fn(&mut Draft, &Value) -> Result<(), String>,
    /// What a target was given, as it may be shown; `None` for nothing.
    pub(super) show: fn(&Target) -> Option<Value>,
    /// Whether it goes along in the target's records.
    goes_along: bool,
}

/// What others should know of a target goes along, and nothing else: headers and body hold secrets.
macro_rules! goes_along {
    (about) => {
        true
    };
    ($other:ident) => {
        false
    };
}

/// A field that is `None` when a row does not say it: where it goes, how it is read and shown.
macro_rules! optional {
    ($name:literal, $peers:expr, $group:ident $(. $place:ident)?, $read:expr, $show:expr) => {
        Field {
            name: $name,
            peers: &$peers,
            set: |draft, value| {
                draft.own.$group $(. $place)? = Some($read(value)?);
                Ok(())
            },
            show: |target| target.own.$group $(. $place)? .as_ref().map($show),
            goes_along: goes_along!($group),
        }
    };
}

/// A field that is empty when a row does not say it.
macro_rules! several {
    ($name:literal, $peers:expr, $group:ident $(. $place:ident)?, $read:expr, $show:expr) => {
        Field {
            name: $name,
            peers: &$peers,
            set: |draft, value| {
                draft.own.$group $(. $place)? = $read(value)?;
                Ok(())
            },
            show: |target| {
                let several = &target.own.$group $(. $place)?;
                (!several.is_empty()).then(|| $show(several))
            },
            goes_along: goes_along!($group),
        }
    };
}

/// Two lines a field: what it is called, what becomes of it.
#[rustfmt::skip]
pub(super) static FIELDS: &[Field] = &[
    Field {
        name: "url",
        peers: &["address", "endpoint", "link", "site", "target", "uri", "website"],
        set: |draft, value| {
            let url = trim_unseen(text(value)?);
            draft.url = Some((url.to_owned(), parse_url(url)?));
            Ok(())
        },
        show: |target| Some(json!(target.shown().to_string())),
        goes_along: false,
    },
    Field {
        name: "regexp",
        peers: &["match", "pattern", "regular_expression", "search"],
        set: |draft, value| {
            draft.pattern = Some(pattern(value)?);
            Ok(())
        },
        show: |target| target.pattern.as_ref().map(shown::pattern),
        goes_along: false,
    },
    optional!("interval", ["check_interval", "every", "frequency", "period"],
        interval, |it| duration(it, INTERVAL), shown::duration),
    optional!("enabled", ["active", "enable", "is_active"],
        enabled, flag, shown::flag),
    optional!("timeout", ["request_timeout", "time_out", "timeout_seconds"],
        asked.timeout, |it| duration(it, TIMEOUT), shown::duration),
    optional!("method", ["http_method", "verb"],
        asked.method, method, shown::method),
    Field {
        name: "headers",
        peers: &["http_headers", "request_headers"],
        set: |draft, value| {
            draft.own.asked.headers = headers(value, &draft.variables)?;
            Ok(())
        },
        show: |target| {
            let headers = &target.own.asked.headers;
            (!headers.is_empty()).then(|| shown::headers(headers))
        },
        goes_along: false,
    },
    Field {
        name: "body",
        peers: &["data", "http_body", "payload", "request_body"],
        set: |draft, value| {
            draft.own.asked.body = Some(body(value, &draft.variables)?.into());
            Ok(())
        },
        show: |target| target.own.asked.body.as_ref().map(|_| shown::secret()),
        goes_along: false,
    },
    optional!("redirects", ["follow_redirects", "max_redirects", "maxredirects"],
        asked.redirects, |it| count(it, REDIRECTS), shown::number),
    optional!("retries", ["attempts", "max_retries", "maxretries", "retry"],
        asked.retries, |it| count(it, RETRIES), shown::number),
    optional!("ip_version", ["address_family", "ip_family", "ip_protocol", "preferred_ip_protocol"],
        asked.ip_version, ip_version, shown::ip_version),
    optional!("verify_tls", ["ssl_verify", "tls_verify", "verify", "verify_ssl"],
        asked.verify_tls, flag, shown::flag),
    optional!("expected_status", ["accepted_status_codes", "expected_status_codes", "status",
        "status_code", "status_codes", "valid_status_codes"],
        expected.status, statuses, shown::statuses),
    optional!("must_match", ["contains", "expected_text", "keyword", "must_contain"],
        expected.must_match, pattern, shown::pattern),
    optional!("must_not_match", ["must_not_contain", "not_contains", "not_keyword"],
        expected.must_not_match, pattern, shown::pattern),
    optional!("name", ["alias", "friendly_name", "label", "title"],
        about.name, words_for_people, shown::text),
    optional!("group", ["category", "folder", "service", "team"],
        about.group, words_for_people, shown::text),
    several!("tags", ["keywords", "labels"],
        about.tags, words, shown::words),
    optional!("description", ["details", "runbook"],
        about.description, words_for_people, shown::text),
    optional!("down_after", ["consecutive_failures", "failure_threshold", "failures"],
        about.down_after, |it| count(it, RESULTS), shown::number),
    optional!("up_after", ["consecutive_successes", "recovery_threshold", "success_threshold"],
        about.up_after, |it| count(it, RESULTS), shown::number),
    optional!("slow_after", ["latency_threshold", "max_response_time", "response_time"],
        about.slow_after, |it| duration(it, TIMEOUT), shown::duration),
    optional!("cert_days", ["certificate_days", "cert_expiry_days", "ssl_days", "tls_days"],
        about.cert_days, |it| count(it, DAYS), shown::number),
    several!("alerts", ["alert_contacts", "contacts", "notifications", "notify", "receivers"],
        about.alerts, words, shown::words),
    optional!("maintenance", ["downtime", "maintenance_window", "maintenance_windows"],
        about.maintenance, maintenance, shown::text),
    optional!("slo", ["availability", "sla", "uptime"],
        about.slo, percent, shown::percent),
];

/// Maintenance windows, as they are written.
fn maintenance(value: &Value) -> Result<String, String> {
    let text = words_for_people(value)?;
    Maintenance::parse(&text)?;
    Ok(text)
}

impl Field {
    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FIELDS
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The one without which there is no target.
    pub(super) fn is_url(&self) -> bool {
        self.name == "url"
    }
}

/// What a row set, by the fields' names, as it may be shown.
pub fn shown_settings(target: &Target) -> Vec<(&'static str, Value)> {
    let fields = FIELDS.iter();
    fields
        .filter_map(|field| Some((field.name, (field.show)(target)?)))
        .collect()
}

/// What goes along in a target's records; `None` when nothing is set.
pub(super) fn going_along(target: &Target) -> Option<Arc<Map<String, Value>>> {
    let fields = FIELDS.iter().filter(|field| field.goes_along);
    let set = fields.filter_map(|field| Some((field.name.to_owned(), (field.show)(target)?)));
    let set: Map<_, _> = set.collect();
    (!set.is_empty()).then(|| Arc::new(set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_in_either_case() {
        for field in FIELDS {
            let found = Field::named(&field.name.to_uppercase()).unwrap();
            assert_eq!(found.name, field.name);
        }
    }

    #[test]
    fn no_name_means_two_fields() {
        let mut names: Vec<_> = FIELDS.iter().flat_map(|field| field.peers).collect();
        names.extend(FIELDS.iter().map(|field| &field.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
