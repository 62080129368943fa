//! Writing a record: JSON in the contract's order of fields, pure ASCII, straight from the result.

use std::{io, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};
use uuid::Uuid;

use crate::{
    failure::Failure,
    probe::{HttpVersion, MatchKind, Timings},
    result::{CheckResult, OutcomeKind},
};

/// The version of the record that this crate writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The longest escape of one UTF-16 unit: `\uXXXX`.
const ESCAPE_BYTES: usize = 6;

/// `response_time` of a check that never began.
const NEVER_BEGAN_SECONDS: f64 = -1.0;

/// A record's value, ready for the topic.
#[derive(Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Pure ASCII JSON.
    pub json: Vec<u8>,
    /// True when `matched_text` had to be cut so that the record fits.
    pub matched_text_cut: bool,
}

impl CheckResult {
    /// The record's value.
    pub fn to_json(&self) -> Vec<u8> {
        encode(&Wire::new(self))
    }

    /// The record's value in at most `bytes_max` bytes where cutting `matched_text` can achieve it:
    /// a page may match whole, and a broker refuses records past its limit for ever.
    pub fn encode(&self, bytes_max: usize) -> Encoded {
        let mut wire = Wire::new(self);
        let json = encode(&wire);
        if json.len() <= bytes_max || wire.matched_text.is_empty() {
            return Encoded {
                json,
                matched_text_cut: false,
            };
        }
        let rest = json.len() - escaped_len(wire.matched_text);
        wire.matched_text = prefix_within(wire.matched_text, bytes_max.saturating_sub(rest));
        Encoded {
            json: encode(&wire),
            matched_text_cut: true,
        }
    }
}

fn encode(wire: &Wire<'_>) -> Vec<u8> {
    let mut json = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, AsciiFormatter);
    // Writing to a Vec does not fail, and no map in `Wire` has a key that is not a string.
    wire.serialize(&mut serializer).unwrap_or_default();
    json
}

/// The bytes that a text takes in the record, without its quotes.
fn escaped_len(text: &str) -> usize {
    text.chars().map(escaped_char_len).sum()
}

fn escaped_char_len(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0c' => 2,
        // DEL stays as it is: it is ASCII, and JSON allows it.
        '\x20'..='\x7f' => 1,
        _ => ESCAPE_BYTES * char.len_utf16(),
    }
}

/// The longest prefix that takes at most `bytes_max` bytes in the record.
fn prefix_within(text: &str, bytes_max: usize) -> &str {
    let mut bytes = 0;
    for (at, char) in text.char_indices() {
        bytes += escaped_char_len(char);
        if bytes > bytes_max {
            return &text[..at];
        }
    }
    text
}

/// The record as it stands in the topic; the order of fields is the contract's.
#[derive(Serialize)]
struct Wire<'a> {
    url: &'a str,
    error_code: i32,
    response_time: f64,
    regex_pattern: &'a str,
    matched_text: &'a str,
    schema_version: u32,
    check_id: Uuid,
    location: &'a str,
    scheduled_at: Micros,
    started_at: Option<Micros>,
    interval: f64,
    outcome: OutcomeKind,
    failure: Option<&'a Failure>,
    r#match: MatchKind,
    timings: WireTimings,
    attempt: u32,
    remote_address: Option<std::net::SocketAddr>,
    http_version: Option<HttpVersion>,
    redirects: Option<u32>,
    body_bytes: Option<u64>,
    body_truncated: Option<bool>,
    certificate: Option<WireCertificate<'a>>,
    prober: WireProber,
}

#[derive(Default, Serialize)]
struct WireTimings {
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    body: Option<f64>,
}

#[derive(Serialize)]
struct WireCertificate<'a> {
    not_after: Micros,
    issuer: &'a str,
    subject: &'a str,
}

#[derive(Serialize)]
struct WireProber {
    schedule_lag: Option<f64>,
    in_flight: u32,
    overloaded: bool,
}

impl<'a> Wire<'a> {
    fn new(result: &'a CheckResult) -> Self {
        let probe = result.probe();
        let response = result.response();
        Self {
            url: &result.check.url,
            error_code: result.error_code(),
            response_time: probe.map_or(NEVER_BEGAN_SECONDS, |probe| seconds(probe.response_time)),
            regex_pattern: &result.check.regex_pattern,
            matched_text: response.map_or("", |response| response.matched.text()),
            schema_version: SCHEMA_VERSION,
            check_id: result.check.id(),
            location: &result.check.location,
            scheduled_at: Micros(result.check.scheduled_at),
            started_at: probe.map(|probe| Micros(probe.started_at)),
            interval: seconds(result.check.interval),
            outcome: result.kind(),
            failure: result.failure(),
            r#match: response.map_or(MatchKind::NotEvaluated, |response| response.matched.kind()),
            timings: probe
                .map(|probe| WireTimings::new(&probe.timings))
                .unwrap_or_default(),
            attempt: probe.map_or(1, |probe| probe.attempt),
            remote_address: probe.and_then(|probe| probe.remote_address),
            http_version: response.map(|response| response.http_version),
            redirects: probe.map(|probe| probe.redirects),
            body_bytes: response.map(|response| response.body_bytes),
            body_truncated: response.map(|response| response.body_truncated),
            certificate: probe
                .and_then(|probe| probe.certificate.as_ref())
                .map(|certificate| WireCertificate {
                    not_after: Micros(certificate.not_after),
                    issuer: &certificate.issuer,
                    subject: &certificate.subject,
                }),
            prober: WireProber {
                schedule_lag: result.schedule_lag().map(seconds),
                in_flight: result.self_doubt.in_flight,
                overloaded: result.self_doubt.overloaded,
            },
        }
    }
}

impl WireTimings {
    fn new(timings: &Timings) -> Self {
        Self {
            dns: timings.dns.map(seconds),
            connect: timings.connect.map(seconds),
            tls: timings.tls.map(seconds),
            first_byte: timings.first_byte.map(seconds),
            body: timings.body.map(seconds),
        }
    }
}

/// Seconds, rounded to the microsecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}

/// A time as the contract writes it: RFC 3339, UTC, microseconds.
struct Micros(Timestamp);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.6}", self.0))
    }
}

/// Compact JSON in which everything above ASCII is `\u`-escaped: the original's consumer decodes
/// ASCII and stops for ever at anything else.
struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut rest = fragment;
        while let Some(at) = rest.find(|char: char| !char.is_ascii()) {
            let (ascii, tail) = rest.split_at(at);
            CompactFormatter.write_string_fragment(writer, ascii)?;
            let mut chars = tail.chars();
            if let Some(char) = chars.next() {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}
