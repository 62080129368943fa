use std::time::Duration;

use jiff::Timestamp;
use messages::{
    Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Outcome, Probe, Response,
    Timings,
};

use super::*;
use crate::publish::entry::Json;

fn entry(url: &str, matched: &str) -> Entry {
    Entry::new(result(url, matched), &Json, 900_000)
}

fn result(url: &str, matched: &str) -> CheckResult {
    let probe = Probe {
        started_at: Timestamp::UNIX_EPOCH,
        response_time: Duration::ZERO,
        timings: Timings::default(),
        attempt: 1,
        redirects: 0,
        remote_address: None,
        certificate: None,
    };
    let response = Response {
        status: 200,
        http_version: HttpVersion::Http11,
        matched: Match::Matched(matched.into()),
        body_bytes: 0,
        body_truncated: false,
    };
    CheckResult {
        check: Check {
            url: url.into(),
            regex_pattern: String::new(),
            interval: Duration::from_secs(1),
            location: "default".into(),
            scheduled_at: Timestamp::UNIX_EPOCH,
        },
        outcome: Outcome::Up { probe, response },
        self_doubt: messages::SelfDoubt::default(),
    }
}

fn backlog(results_max: usize) -> Backlog {
    Backlog::new(BacklogSettings {
        all: Bound {
            results: results_max,
            bytes: 100_000,
        },
        sent: Bound {
            results: 2,
            bytes: 50_000,
        },
    })
}

fn send_all(backlog: &mut Backlog) -> Vec<String> {
    let mut urls = Vec::new();
    while let Some((_, entry)) = backlog.next_to_send() {
        urls.push(entry.url.clone());
        backlog.sent();
    }
    urls
}

#[test]
fn what_was_not_acknowledged_is_sent_again_in_order() {
    let mut backlog = backlog(10);
    for url in ["a", "b", "c"] {
        assert!(backlog.accept(entry(url, "")));
    }
    assert_eq!(
        send_all(&mut backlog),
        ["a", "b"],
        "only so many at the same time"
    );
    backlog.acknowledged(0);
    assert_eq!(send_all(&mut backlog), ["c"]);
    backlog.acknowledged(2);
    backlog.take_back();
    backlog.accept(entry("d", ""));
    assert_eq!(send_all(&mut backlog), ["b", "d"]);
    backlog.acknowledged(3);
    backlog.acknowledged(3);
    backlog.acknowledged(4);
    assert!(backlog.is_empty());
    assert_eq!((backlog.bytes, backlog.sent_bytes), (0, 0));
}

#[test]
fn there_is_room_for_so_many_results_and_so_many_bytes() {
    let mut few = backlog(2);
    assert!(few.accept(entry("a", "")) && few.accept(entry("b", "")));
    assert!(!few.accept(entry("c", "")));
    let mut heavy = backlog(1000);
    let accepted = (0..1000)
        .filter(|_| heavy.accept(entry("a", &"x".repeat(9_000))))
        .count();
    assert!((8..=11).contains(&accepted), "{accepted}");
}

#[test]
fn a_record_that_is_too_large_is_made_smaller_or_else_dropped() {
    let mut backlog = backlog(10);
    backlog.accept(entry("a", &"x".repeat(30_000)));
    backlog.accept(entry("b", ""));
    send_all(&mut backlog);
    assert!(backlog.shrink(0, &Json).is_none());
    assert!(backlog.sent[&0].record.len() < 16_000);
    let dropped = std::iter::repeat_with(|| backlog.shrink(0, &Json))
        .flatten()
        .next();
    assert_eq!(dropped.unwrap().url, "a");
    assert_eq!(backlog.len(), 1, "what cannot be made smaller is dropped");
    backlog.acknowledged(1);
    assert_eq!((backlog.bytes, backlog.sent_bytes), (0, 0));
}

#[test]
fn a_missed_check_is_as_welcome_as_any() {
    let mut backlog = backlog(10);
    let missed = CheckResult {
        outcome: Outcome::Missed {
            probe: None,
            failure: Failure::new(FailureReason::ProberFailed, None, "late"),
        },
        ..result("a", "")
    };
    assert!(backlog.accept(Entry::new(missed, &Json, 900_000)));
    assert_eq!(send_all(&mut backlog), ["a"]);
}
