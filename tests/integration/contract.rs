//! The record, byte for byte: golden files of what we write and of what the original writes.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use messages::{
    Certificate, Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Origin, Outcome,
    Phase, Probe, Record, Response, SelfDoubt, Timings, TlsVersion, Witness,
};

const ORIGIN: Origin<'_> = Origin {
    topic: "checks",
    partition: 0,
    offset: 42,
    timestamp_ms: Some(1_764_040_320_123),
};

fn golden(side: &str, name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{side}/{name}.json"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

fn check(url: &str, regex_pattern: &str, scheduled_at: &str) -> Check {
    Check {
        url: url.into(),
        regex_pattern: regex_pattern.into(),
        interval: Duration::from_mins(1),
        location: "default".into(),
        scheduled_at: time(scheduled_at),
        target: None,
    }
}

fn up() -> CheckResult {
    CheckResult {
        check: check(
            "https://user:geheim@münchen.example/ü?q=1#f",
            "grüße\\s\"(\\w+)\"",
            "2026-11-25T03:12:00.25Z",
        ),
        outcome: Outcome::Up {
            probe: Probe {
                started_at: time("2026-11-25T03:12:00.2515Z"),
                response_time: micros(123_457),
                timings: Timings {
                    dns: Some(micros(10_000)),
                    connect: Some(micros(20_000)),
                    tls: Some(micros(30_000)),
                    first_byte: Some(micros(40_000)),
                    body: Some(micros(23_457)),
                },
                attempt: 1,
                redirects: 1,
                remote_address: Some("192.0.2.1:443".parse().unwrap()),
                tls_version: Some(TlsVersion::Tls13),
                certificate: Some(Certificate {
                    not_after: time("2027-01-31T23:59:59Z"),
                    issuer: "C=DE, O=Größe CA".into(),
                    subject: "CN=münchen.example".into(),
                }),
            },
            response: Response {
                status: 200,
                http_version: HttpVersion::Http2,
                matched: Match::Matched("Grüße \"Welt\" 🦀\n".into()),
                body_bytes: 4096,
                body_truncated: false,
            },
        },
        self_doubt: SelfDoubt {
            in_flight: 3,
            overloaded: false,
            witness: None,
        },
    }
}

fn down_not_resolved() -> CheckResult {
    let url = "https://reynierdoesnotexistAGDBFHORU23523.com";
    CheckResult {
        check: check(url, "DOESNOTEXIST", "2026-11-25T03:12:00Z"),
        outcome: Outcome::Down {
            probe: Probe {
                started_at: time("2026-11-25T03:12:00Z"),
                response_time: micros(50_000),
                timings: Timings {
                    dns: Some(micros(50_000)),
                    ..Default::default()
                },
                attempt: 1,
                redirects: 0,
                remote_address: None,
                tls_version: None,
                certificate: None,
            },
            response: None,
            failure: Failure::new(FailureReason::DnsNotFound, Phase::Dns, "no such name"),
        },
        self_doubt: SelfDoubt {
            in_flight: 1,
            overloaded: false,
            witness: None,
        },
    }
}

fn down_status() -> CheckResult {
    CheckResult {
        check: Check {
            location: "büro".into(),
            interval: Duration::from_millis(500),
            ..check("http://[2001:db8::1]:8080/", "", "2026-11-25T03:12:00Z")
        },
        outcome: Outcome::Down {
            probe: Probe {
                started_at: time("2026-11-25T03:12:00.000001Z"),
                response_time: micros(500_000),
                timings: Timings {
                    connect: Some(micros(100_000)),
                    first_byte: Some(micros(300_000)),
                    body: Some(micros(100_000)),
                    ..Default::default()
                },
                attempt: 1,
                redirects: 0,
                remote_address: Some("[2001:db8::1]:8080".parse().unwrap()),
                tls_version: None,
                certificate: None,
            },
            response: Some(Response {
                status: 503,
                http_version: HttpVersion::Http11,
                matched: Match::NotEvaluated,
                body_bytes: 10,
                body_truncated: true,
            }),
            failure: Failure::new(FailureReason::StatusUnexpected, None, "503"),
        },
        self_doubt: SelfDoubt {
            in_flight: 1,
            overloaded: true,
            witness: None,
        },
    }
}

fn missed() -> CheckResult {
    CheckResult {
        check: check("https://www.google.com", "Gmail", "2026-11-25T03:12:00Z"),
        outcome: Outcome::Missed {
            probe: None,
            failure: Failure::new(
                FailureReason::ProberFailed,
                None,
                "the last check still runs",
            ),
        },
        self_doubt: SelfDoubt {
            in_flight: 256,
            overloaded: false,
            witness: None,
        },
    }
}

fn skipped() -> CheckResult {
    let failure = Failure::new(FailureReason::TargetRemoved, None, "it left the list");
    CheckResult {
        outcome: Outcome::Skipped { failure },
        self_doubt: SelfDoubt::default(),
        ..missed()
    }
}

/// A record in which no field is null: the page did not end in time, after its text was found.
fn whole() -> CheckResult {
    let target = serde_json::json!({ "down_after": 3, "name": "Büro", "tags": ["eu"] });
    CheckResult {
        check: Check {
            target: target.as_object().cloned().map(Arc::new),
            ..check("https://a.example/", r"all \w+", "2026-11-25T03:12:00Z")
        },
        outcome: Outcome::Down {
            probe: Probe {
                started_at: time("2026-11-25T03:12:00.25Z"),
                response_time: Duration::from_secs(30),
                timings: Timings {
                    dns: Some(micros(10_000)),
                    connect: Some(micros(20_000)),
                    tls: Some(micros(30_000)),
                    first_byte: Some(micros(40_000)),
                    body: Some(micros(29_900_000)),
                },
                attempt: 2,
                redirects: 1,
                remote_address: Some("192.0.2.1:443".parse().unwrap()),
                tls_version: Some(TlsVersion::Tls12),
                certificate: Some(Certificate {
                    not_after: time("2027-01-31T23:59:59Z"),
                    issuer: "CN=CA".into(),
                    subject: "CN=a.example".into(),
                }),
            },
            response: Some(Response {
                status: 200,
                http_version: HttpVersion::Http11,
                matched: Match::Matched("All well".into()),
                body_bytes: 4096,
                body_truncated: true,
            }),
            failure: Failure::new(
                FailureReason::BodyTimeout,
                Phase::Body,
                "nothing more within 30 s",
            ),
        },
        self_doubt: SelfDoubt {
            in_flight: 3,
            overloaded: true,
            witness: Some(Witness::Up),
        },
    }
}

#[test]
fn what_we_write_is_the_contract_to_the_last_byte() {
    let results = [
        ("up", up()),
        ("down_not_resolved", down_not_resolved()),
        ("down_status", down_status()),
        ("missed", missed()),
        ("skipped", skipped()),
        ("whole", whole()),
    ];
    for (name, result) in results {
        let written = String::from_utf8(result.to_json()).unwrap();
        assert_eq!(
            written,
            String::from_utf8(golden("ours", name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn the_original_s_records_are_read() {
    let cases = [
        (
            "up_matched",
            "https://www.google.com",
            200,
            "Gmail",
            "gmail Ü",
        ),
        (
            "up_not_matched",
            "https://realpython.com",
            200,
            "All Tutorial \\w+",
            "",
        ),
        (
            "up_without_pattern",
            "http://xn--mnchen-3ya.example/%C3%BC",
            200,
            "",
            "",
        ),
        ("status", "http://127.0.0.1:8000/500", 500, "x", ""),
        (
            "not_resolved",
            "https://reynierdoesnotexistagdbfhoru23523.com",
            404,
            "DOESNOTEXIST",
            "",
        ),
        ("timed_out", "http://127.0.0.1:8000/hangs", 599, "", ""),
        ("failed", "", -1, "", ""),
    ];
    for (name, url, error_code, regex_pattern, matched_text) in cases {
        let record = Record::read(&golden("original", name), &ORIGIN).unwrap();
        assert_eq!(record.url, url, "{name}");
        assert_eq!(record.error_code, error_code, "{name}");
        assert_eq!(record.regex_pattern, regex_pattern, "{name}");
        assert_eq!(record.matched_text, matched_text, "{name}");
        assert_eq!(record.outcome, None, "{name}");
        assert_eq!(
            record.scheduled_at.as_millisecond(),
            1_764_040_320_123,
            "{name}"
        );
    }
}
