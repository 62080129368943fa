use std::time::Duration;

use jiff::Timestamp;
use messages::{
    Check, CheckResult, Failure, FailureReason, HttpVersion, Match, Outcome, Probe, Response,
    Timings,
};

use super::*;

fn entry(url: &str, matched: &str) -> Entry {
    Entry::new(0, result(url, matched), 900_000)
}

fn result(url: &str, matched: &str) -> CheckResult {
    let probe = Probe {
        started_at: Timestamp::UNIX_EPOCH,
        response_time: Duration::ZERO,
        timings: Timings::default(),
        attempt: 1,
        redirects: 0,
        remote_address: None,
        tls_version: None,
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
            target: None,
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
    backlog.remove(0);
    assert_eq!(send_all(&mut backlog), ["c"]);
    backlog.remove(2);
    backlog.take_back();
    backlog.accept(entry("d", ""));
    assert_eq!(send_all(&mut backlog), ["b", "d"]);
    backlog.remove(3);
    backlog.remove(3);
    backlog.remove(4);
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
    // With what each was made from, so that it can be made shorter.
    assert!((4..=6).contains(&accepted), "{accepted}");
}

#[test]
fn an_entry_that_changes_keeps_its_place_and_is_counted_anew() {
    let mut backlog = backlog(10);
    backlog.accept(entry("a", &"x".repeat(30_000)));
    backlog.accept(entry("b", ""));
    backlog.next_to_send().unwrap();
    backlog.sent();
    for number in [0, 1] {
        let length = backlog.change(number, |entry| {
            entry.shrink(10_000);
            entry.record.len()
        });
        assert!(length.unwrap() <= 10_000);
    }
    assert_eq!(backlog.change(7, |_| ()), None);
    backlog.take_back();
    assert_eq!(send_all(&mut backlog), ["a", "b"]);
    assert!(backlog.remove(1).is_some() && backlog.remove(2).is_some());
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
    assert!(backlog.accept(Entry::new(0, missed, 900_000)));
    assert_eq!(send_all(&mut backlog), ["a"]);
}
