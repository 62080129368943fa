//! What was found in a page, and what that says of the site.

use messages::{Failure, FailureReason, Match};

use super::{request::Expectation, seek::Sought};
use crate::pattern::{Pattern, Search};

/// Characters of a text that is quoted in a failure.
const QUOTED_CHARS_MAX: usize = 200;

/// What the search for the regexp means for the record.
pub(super) fn matched(search: Option<Search>, is_truncated: bool) -> Match {
    match search {
        Some(Search::Found(text)) => Match::Matched(text),
        // What was cut off might have held it.
        Some(Search::NotFound) if is_truncated => Match::NotEvaluated,
        Some(Search::NotFound) => Match::NotMatched,
        Some(Search::GivenUp(_)) | None => Match::NotEvaluated,
    }
}

/// The failure that a page is by what its target demands of it. What could not be judged is the
/// prober's own.
pub(super) fn failure(
    expected: &Expectation,
    found: &Sought<Search>,
    is_truncated: bool,
) -> Option<Failure> {
    let missing = match &found.must_match {
        Some(Search::NotFound) => Some(is_missing(expected.must_match.as_ref(), is_truncated)),
        _ => None,
    };
    let present = match &found.must_not_match {
        Some(Search::Found(text)) => Some(is_present(text, expected.must_not_match.as_ref())),
        _ => None,
    };
    let undecided = || {
        let searches = [
            ("must_match", &found.must_match),
            ("must_not_match", &found.must_not_match),
        ];
        searches
            .into_iter()
            .find_map(|(name, search)| match search {
                Some(Search::GivenUp(reason)) => Some(Failure::new(
                    FailureReason::ProberFailed,
                    None,
                    format!("the search for the {name} was given up: {reason}"),
                )),
                _ => None,
            })
    };
    missing.or(present).or_else(undecided)
}

/// No page was kept in which what is demanded could be sought.
pub(super) fn was_let_go() -> Failure {
    Failure::new(
        FailureReason::ProberFailed,
        None,
        "the page was let go before anything was sought in it: the memory was needed for others",
    )
}

fn is_missing(pattern: Option<&Pattern>, is_truncated: bool) -> Failure {
    let place = if is_truncated {
        "the page, as far as it is read (BODY_BYTES_MAX),"
    } else {
        "the page"
    };
    let pattern = quoted(pattern.map_or("", Pattern::as_str));
    Failure::new(
        FailureReason::PatternNotFound,
        None,
        format!("{place} lacks what must_match demands: {pattern}"),
    )
}

fn is_present(text: &str, pattern: Option<&Pattern>) -> Failure {
    let (text, pattern) = (quoted(text), quoted(pattern.map_or("", Pattern::as_str)));
    Failure::new(
        FailureReason::PatternFound,
        None,
        format!("the page holds {text}, which must_not_match forbids: {pattern}"),
    )
}

fn quoted(text: &str) -> String {
    let quoted: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    format!("{quoted:?}")
}
