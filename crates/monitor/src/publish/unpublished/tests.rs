//! Against a broker that judges batches as a whole, as the real one does.

use std::time::Duration;

use jiff::Timestamp;
use messages::{Check, HttpVersion, Match, Outcome, Probe, Response, SelfDoubt, Timings};
use proptest::prelude::*;

use super::*;
use crate::publish::backlog::Bound;

/// What the broker counts beside key and value.
const FRAMING_BYTES: usize = 90;

fn result(url: &str, matched: &str) -> CheckResult {
    CheckResult {
        check: Check {
            url: url.into(),
            regex_pattern: String::new(),
            interval: Duration::from_secs(1),
            location: "default".into(),
            scheduled_at: Timestamp::UNIX_EPOCH,
            target: None,
        },
        outcome: Outcome::Up {
            probe: Probe {
                started_at: Timestamp::UNIX_EPOCH,
                response_time: Duration::ZERO,
                timings: Timings::default(),
                attempt: 1,
                redirects: 0,
                remote_address: None,
                tls_version: None,
                certificate: None,
            },
            response: Response {
                status: 200,
                http_version: HttpVersion::Http11,
                matched: Match::Matched(matched.into()),
                body_bytes: 0,
                body_truncated: false,
            },
        },
        self_doubt: SelfDoubt::default(),
    }
}

fn unpublished() -> Unpublished {
    let bound = Bound {
        results: 1_000,
        bytes: 100_000_000,
    };
    let settings = BacklogSettings {
        all: bound,
        sent: bound,
    };
    Unpublished::new(settings, Health::default())
}

/// One producer's time: batches as the client makes them, judged as a broker judges them. The
/// lengths of what was delivered.
fn send(unpublished: &mut Unpublished, topic_takes: usize) -> Vec<(String, usize)> {
    let mut sizes = Vec::new();
    while let Some((number, entry)) = unpublished.backlog.next_to_send() {
        sizes.push((number, entry.sent_bytes()));
        unpublished.backlog.sent();
    }
    let (mut delivered, mut refused) = (Vec::new(), Vec::new());
    let mut rest = &sizes[..];
    while !rest.is_empty() {
        let (mut count, mut bytes) = (0, FRAMING_BYTES);
        for (_, size) in rest {
            if count > 0 && bytes + size > unpublished.limits.batch_bytes_max() {
                break;
            }
            count += 1;
            bytes += size;
        }
        let (batch, after) = rest.split_at(count);
        let numbers = batch.iter().map(|(number, _)| *number);
        if bytes > topic_takes {
            refused.extend(numbers);
        } else {
            for number in numbers {
                let entry = unpublished.backlog.get(number).unwrap();
                delivered.push((entry.url.clone(), entry.record.len()));
                unpublished.acknowledged(number);
            }
        }
        rest = after;
    }
    unpublished.refused(&refused);
    unpublished.backlog.take_back();
    delivered
}

proptest! {
    #[test]
    fn only_what_is_itself_too_large_is_shortened_and_all_else_goes_as_it_is(
        matches in prop::collection::vec(prop_oneof![9 => 0_usize..200, 1 => 0_usize..40_000], 1..60),
        topic_takes in prop::sample::select(vec![2_000_usize, 10_000, 65_536, 1_000_000]),
        may_ask in any::<bool>(),
    ) {
        let mut unpublished = unpublished();
        if may_ask {
            unpublished.limits.topic_takes(Some(topic_takes));
        }
        let mut whole = std::collections::BTreeMap::new();
        for (number, length) in matches.iter().enumerate() {
            let url = format!("https://{number}.example/");
            let result = result(&url, &"x".repeat(*length));
            whole.insert(url, result.to_json().len());
            unpublished.keep(result);
        }
        let mut delivered = Vec::new();
        for _ in 0..40 {
            delivered.extend(send(&mut unpublished, topic_takes));
        }
        prop_assert!(unpublished.backlog.is_empty());
        prop_assert_eq!(delivered.len(), matches.len());
        for (url, length) in delivered {
            // Half a kilobyte: what is near to the bound may lose a little.
            if whole[&url] + 512 < topic_takes {
                prop_assert_eq!(length, whole[&url], "{}", url);
            }
        }
    }
}

#[test]
fn what_cannot_be_made_smaller_is_dropped_and_named_until_one_goes() {
    let mut unpublished = unpublished();
    let health = Health::default();
    unpublished.drops = Drops::new(health.clone());
    let long = format!("https://u:secret@a.example/{}", "x".repeat(1_900));
    unpublished.limits.topic_takes(Some(2_000));
    for url in [&long, "https://b.example/"] {
        unpublished.keep(result(url, &"x".repeat(5_000)));
    }
    for _ in 0..3 {
        send(&mut unpublished, 2_000);
    }
    assert!(unpublished.backlog.is_empty());
    let told = health.problems().join("\n");
    assert!(told.contains("https://***@a.example/"), "{told}");
    assert!(!told.contains("b.example"), "{told}");
    assert!(unpublished.drops.account(0, 0).is_err());
    unpublished.keep(result(&long, ""));
    send(&mut unpublished, 10_000);
    assert!(health.problems().is_empty());
}
