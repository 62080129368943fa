use super::*;
use crate::{FailureReason, HttpVersion, Match, Timings};

fn check() -> Check {
    Check {
        url: "https://example.org/".into(),
        regex_pattern: String::new(),
        interval: Duration::from_mins(1),
        location: "default".into(),
        scheduled_at: "2026-11-25T03:12:00Z".parse().unwrap(),
        target: None,
    }
}

fn probe(started_at: &str) -> Probe {
    Probe {
        started_at: started_at.parse().unwrap(),
        response_time: Duration::from_millis(5),
        timings: Timings::default(),
        attempt: 1,
        redirects: 0,
        remote_address: None,
        tls_version: None,
        certificate: None,
    }
}

fn response() -> Response {
    Response {
        status: 204,
        http_version: HttpVersion::Http11,
        matched: Match::Matched("all well".into()),
        body_bytes: 0,
        body_truncated: false,
    }
}

fn result(outcome: Outcome) -> CheckResult {
    CheckResult {
        check: check(),
        outcome,
        self_doubt: SelfDoubt::default(),
    }
}

/// Each outcome: up, down with and without an answer, missed with and without a probe, skipped.
fn results() -> [CheckResult; 6] {
    let (probe, response) = (probe("2026-11-25T03:12:01.5Z"), response());
    let failure = |reason| Failure::new(reason, None, "");
    let timeout = failure(FailureReason::ConnectTimeout);
    let own = failure(FailureReason::ProberFailed);
    [
        Outcome::Up {
            probe: probe.clone(),
            response: response.clone(),
        },
        Outcome::Down {
            probe: probe.clone(),
            response: Some(response),
            failure: timeout.clone(),
        },
        Outcome::Down {
            probe: probe.clone(),
            response: None,
            failure: timeout,
        },
        Outcome::Missed {
            probe: Some(probe),
            failure: own.clone(),
        },
        Outcome::Missed {
            probe: None,
            failure: own,
        },
        Outcome::Skipped {
            failure: failure(FailureReason::TargetRemoved),
        },
    ]
    .map(result)
}

#[test]
fn a_status_that_was_read_is_the_code_and_else_the_reasons_is() {
    let codes = results().map(|result| result.error_code());
    assert_eq!(codes, [204, 204, 599, -1, -1, -1]);
}

#[test]
fn each_outcome_has_what_belongs_to_it() {
    let has = results().map(|result| {
        let parts = (
            result.probe().is_some(),
            result.response().is_some(),
            result.failure().map(|failure| failure.reason),
        );
        (result.kind(), parts)
    });
    let timeout = Some(FailureReason::ConnectTimeout);
    let own = Some(FailureReason::ProberFailed);
    let removed = Some(FailureReason::TargetRemoved);
    let expected = [
        (OutcomeKind::Up, (true, true, None)),
        (OutcomeKind::Down, (true, true, timeout)),
        (OutcomeKind::Down, (true, false, timeout)),
        (OutcomeKind::Missed, (true, false, own)),
        (OutcomeKind::Missed, (false, false, own)),
        (OutcomeKind::Skipped, (false, false, removed)),
    ];
    assert_eq!(has, expected);
}

#[test]
fn lag_is_from_due_to_begun_and_never_negative() {
    let lag = |started_at| {
        let outcome = Outcome::Up {
            probe: probe(started_at),
            response: response(),
        };
        result(outcome).schedule_lag()
    };
    assert_eq!(
        lag("2026-11-25T03:12:01.5Z"),
        Some(Duration::from_millis(1500))
    );
    assert_eq!(lag("2026-11-25T03:11:59Z"), Some(Duration::ZERO));
    assert_eq!(results()[4].schedule_lag(), None);
}

#[test]
fn a_check_has_the_id_of_its_place_url_and_time() {
    let id = check().id();
    assert_eq!(id.to_string(), "6919dfa2-7935-5af4-9333-415f65c4fb35");
}

#[test]
fn only_what_matched_has_a_text() {
    assert_eq!(response().matched.text(), "all well");
    assert_eq!(Match::NotMatched.text(), "");
    assert_eq!(Match::NotEvaluated.text(), "");
}

#[test]
fn a_record_that_is_a_byte_too_long_loses_a_character() {
    let [up, ..] = results();
    let whole = up.to_json().len();
    let cut = up.encode(whole - 1);
    assert!(cut.matched_text_cut);
    assert_eq!(cut.json.len(), whole - 1);
}
