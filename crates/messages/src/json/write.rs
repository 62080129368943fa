//! Writing a record: JSON in the contract's order of fields, pure ASCII, straight from the result.

use std::{io, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::ser::{CompactFormatter, Formatter};

use crate::{
    failure::Phase,
    probe::{Certificate, MatchKind, Timings},
    result::CheckResult,
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

/// The record as it stands in the topic.
struct Wire<'a> {
    result: &'a CheckResult,
    /// The result's, or its beginning.
    matched_text: &'a str,
}

impl<'a> Wire<'a> {
    fn new(result: &'a CheckResult) -> Self {
        let response = result.response();
        Self {
            result,
            matched_text: response.map_or("", |response| response.matched.text()),
        }
    }
}

/// A line a field, in the contract's order.
impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (result, check) = (self.result, &self.result.check);
        let (probe, response) = (result.probe(), result.response());
        let response_time = probe.map_or(NEVER_BEGAN_SECONDS, |it| seconds(it.response_time));
        let matched = response.map_or(MatchKind::NotEvaluated, |it| it.matched.kind());
        let timings = probe.map(|it| it.timings.clone()).unwrap_or_default();
        let certificate = probe.and_then(|it| it.certificate.as_ref());
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("url", &check.url)?;
        record.serialize_entry("error_code", &result.error_code())?;
        record.serialize_entry("response_time", &response_time)?;
        record.serialize_entry("regex_pattern", &check.regex_pattern)?;
        record.serialize_entry("matched_text", self.matched_text)?;
        record.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        record.serialize_entry("check_id", &check.id())?;
        record.serialize_entry("location", &check.location)?;
        record.serialize_entry("scheduled_at", &Micros(check.scheduled_at))?;
        record.serialize_entry("started_at", &probe.map(|it| Micros(it.started_at)))?;
        record.serialize_entry("interval", &seconds(check.interval))?;
        record.serialize_entry("outcome", &result.kind())?;
        record.serialize_entry("failure", &result.failure())?;
        record.serialize_entry("match", &matched)?;
        record.serialize_entry("timings", &WireTimings(timings))?;
        record.serialize_entry("attempt", &probe.map_or(1, |it| it.attempt))?;
        record.serialize_entry("remote_address", &probe.map(|it| it.remote_address))?;
        record.serialize_entry("http_version", &response.map(|it| it.http_version))?;
        record.serialize_entry("tls_version", &probe.map(|it| it.tls_version))?;
        record.serialize_entry("redirects", &probe.map(|it| it.redirects))?;
        record.serialize_entry("body_bytes", &response.map(|it| it.body_bytes))?;
        record.serialize_entry("body_truncated", &response.map(|it| it.body_truncated))?;
        record.serialize_entry("certificate", &certificate.map(WireCertificate))?;
        record.serialize_entry("target", &check.target.as_deref())?;
        record.serialize_entry("prober", &WireProber(result))?;
        record.end()
    }
}

struct WireTimings(Timings);

impl Serialize for WireTimings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Phase::ALL.iter().map(|&phase| {
            let time = self.0.get(phase).map(seconds);
            (phase.as_str(), time)
        }))
    }
}

struct WireCertificate<'a>(&'a Certificate);

impl Serialize for WireCertificate<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut certificate = serializer.serialize_map(None)?;
        certificate.serialize_entry("not_after", &Micros(self.0.not_after))?;
        certificate.serialize_entry("issuer", &self.0.issuer)?;
        certificate.serialize_entry("subject", &self.0.subject)?;
        certificate.end()
    }
}

/// What the prober thinks of itself.
struct WireProber<'a>(&'a CheckResult);

impl Serialize for WireProber<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let self_doubt = &self.0.self_doubt;
        let mut prober = serializer.serialize_map(None)?;
        prober.serialize_entry("schedule_lag", &self.0.schedule_lag().map(seconds))?;
        prober.serialize_entry("in_flight", &self_doubt.in_flight)?;
        prober.serialize_entry("overloaded", &self_doubt.overloaded)?;
        prober.serialize_entry("witness", &self_doubt.witness)?;
        prober.end()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_what_it_takes_in_json() {
        for text in [
            "",
            "a\"\\\n\r\t\x08\x0c",
            "\x01\x1f \x7f",
            "\u{80}é",
            "😀",
            "aé\n😀",
        ] {
            let mut json = Vec::new();
            let mut serializer = serde_json::Serializer::with_formatter(&mut json, AsciiFormatter);
            text.serialize(&mut serializer).unwrap();
            assert_eq!(escaped_len(text), json.len() - 2, "{text:?}");
        }
    }

    #[test]
    fn a_cut_keeps_as_much_as_fits() {
        let text = "aé😀b";
        for (bytes_max, kept) in [
            (0, ""),
            (1, "a"),
            (6, "a"),
            (7, "aé"),
            (18, "aé"),
            (19, "aé😀"),
            (20, text),
            (99, text),
        ] {
            assert_eq!(prefix_within(text, bytes_max), kept, "{bytes_max}");
        }
    }
}
