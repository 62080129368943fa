//! What a target expects of its site: statuses, a text that must be there, one that must not.

use messages::FailureReason;

use super::*;

/// A site's answer, what the target expects of it, and what comes of that.
struct Case {
    answer: Vec<u8>,
    statuses: Option<u16>,
    must_match: &'static str,
    must_not_match: &'static str,
    reason: Option<FailureReason>,
}

impl Case {
    fn new(answer: Vec<u8>, reason: impl Into<Option<FailureReason>>) -> Self {
        Self {
            answer,
            statuses: None,
            must_match: "",
            must_not_match: "",
            reason: reason.into(),
        }
    }

    async fn judge(self) -> Outcome {
        let url = site(self.answer).await;
        let mut request = request(&url, "o+");
        let pattern = |text: &str| (!text.is_empty()).then(|| Pattern::parse(text).unwrap());
        request.expected.must_match = pattern(self.must_match);
        request.expected.must_not_match = pattern(self.must_not_match);
        if let Some(status) = self.statuses {
            request.expected.statuses = Statuses(Arc::new([status..=status]));
        }
        let instruments = Instruments::new(settings()).unwrap();
        let give_up = CancellationToken::new();
        instruments.probe(&request, &give_up).await.outcome
    }
}

fn reason(outcome: &Outcome) -> Option<FailureReason> {
    match outcome {
        Outcome::Up { .. } => None,
        Outcome::Down { failure, .. }
        | Outcome::Missed { failure, .. }
        | Outcome::Skipped { failure } => Some(failure.reason),
    }
}

fn status(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_site_is_up_by_the_statuses_that_its_target_expects() {
    use FailureReason::StatusUnexpected;
    for (answered, expected, reason_wanted) in [
        (200, None, None),
        (404, None, Some(StatusUnexpected)),
        (404, Some(404), None),
        (200, Some(404), Some(StatusUnexpected)),
        (301, Some(301), None),
        (503, Some(503), None),
    ] {
        let case = Case {
            statuses: expected,
            ..Case::new(status(answered), None)
        };
        let outcome = case.judge().await;
        assert_eq!(reason(&outcome), reason_wanted, "{answered} {expected:?}");
    }
}

#[tokio::test]
async fn a_page_is_down_without_the_text_that_must_be_there_and_with_the_one_that_must_not() {
    use FailureReason::{PatternFound, PatternNotFound};
    let html = |text: &str| page("Content-Type: text/html\r\n", text);
    let script = || page("Content-Type: application/javascript\r\n", "Hello World");
    let picture = || page("Content-Type: image/png\r\n", b"\x89PNG\0\x01\xff");
    for (answer, must, must_not, wanted) in [
        (html("Hello World"), "hello w", "", None),
        (html("Hello World"), "bye", "", Some(PatternNotFound)),
        (html("Hello World"), "", "world", Some(PatternFound)),
        (html("Hello World"), "", "bye", None),
        (html("Hello World"), "hello", "bye", None),
        (html("Hello World"), "bye", "world", Some(PatternNotFound)),
        (html(""), "x", "", Some(PatternNotFound)),
        // What is demanded is sought in every page.
        (script(), "hello", "", None),
        (script(), "", "hello", Some(PatternFound)),
        (picture(), "hello", "", Some(PatternNotFound)),
        (picture(), "", "hello", None),
        // What a slow engine is needed for.
        (
            html("Hello World"),
            "hello(?! world)",
            "",
            Some(PatternNotFound),
        ),
        // A status that is not expected comes first.
        (
            status(500),
            "hello",
            "",
            Some(FailureReason::StatusUnexpected),
        ),
    ] {
        let case = Case {
            must_match: must,
            must_not_match: must_not,
            ..Case::new(answer, wanted)
        };
        let wanted = case.reason;
        let outcome = case.judge().await;
        assert_eq!(
            reason(&outcome),
            wanted,
            "{must:?} {must_not:?} {outcome:?}"
        );
    }
}

#[tokio::test]
async fn what_is_demanded_changes_nothing_of_what_is_recorded() {
    let case = Case {
        must_match: "bye",
        ..Case::new(page("Content-Type: text/html\r\n", "Hello"), None)
    };
    let (_, response, failure) = down(case.judge().await);
    let response = response.unwrap();
    assert_eq!((response.status, response.matched), (200, found("o")));
    assert!(failure.detail.unwrap().contains("\"bye\""));
}

#[tokio::test]
async fn a_page_is_judged_as_far_as_it_is_read() {
    let long = [vec![b'x'; 100_001], b"hello".to_vec()].concat();
    let case = |must, must_not| Case {
        must_match: must,
        must_not_match: must_not,
        ..Case::new(page("", long.clone()), None)
    };
    let (_, _, failure) = down(case("hello", "").judge().await);
    assert_eq!(failure.reason, FailureReason::PatternNotFound);
    assert!(failure.detail.unwrap().contains("BODY_BYTES_MAX"));
    up(case("xx", "hello").judge().await);
}

#[tokio::test]
async fn a_search_that_is_given_up_is_the_prober_s_failure() {
    let case = Case {
        must_match: r"(?=(a+)+b)(a|aa)+\1c",
        ..Case::new(page("", "a".repeat(5000)), None)
    };
    let outcome = case.judge().await;
    assert!(matches!(outcome, Outcome::Missed { .. }), "{outcome:?}");
    assert_eq!(reason(&outcome), Some(FailureReason::ProberFailed));
}

#[tokio::test]
async fn a_target_s_own_timeout_bounds_its_probe_and_a_deadline_cuts_it_short() {
    let url = serve(hang).await;
    let instruments = Instruments::new(settings()).unwrap();
    let probe = async |timeout, deadline: Option<Duration>| {
        let mut request = request(&url, "");
        request.timeout = timeout;
        request.deadline = deadline.map(|deadline| tokio::time::Instant::now() + deadline);
        instruments.probe(&request, &CancellationToken::new()).await
    };
    let (soon, later) = (PATIENCE, SECOND * 15);
    let finding = probe(Some(soon), Some(later)).await;
    assert!(!finding.was_cut_short);
    let (_, _, failure) = down(finding.outcome);
    assert_eq!(failure.reason, FailureReason::FirstByteTimeout);
    let detail = failure.detail.unwrap();
    assert!(
        detail.contains("within 1.5 s (the target's timeout)"),
        "{detail}"
    );
    for timeout in [None, Some(later)] {
        let finding = probe(timeout, Some(soon)).await;
        assert!(finding.was_cut_short);
    }
}
