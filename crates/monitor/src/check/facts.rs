//! What was seen beside the times: each fact a name and a sentence.

use jiff::Timestamp;
use messages::{Certificate, CheckResult, Match, Response};

use super::{answered::answered, story};
use crate::probe::Story;

/// Hours of a day.
const DAY_HOURS: i64 = 24;

/// The facts, in the order in which they came about.
pub(super) fn facts(
    result: &CheckResult,
    story: &Story,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let probe = result.probe();
    let certificate = probe.and_then(|probe| probe.certificate.as_ref());
    let response = result.response();
    let facts = [
        (
            "attempt",
            probe
                .filter(|probe| probe.attempt > 1)
                .map(|probe| probe.attempt.to_string()),
        ),
        (
            "address",
            story::addresses(story)
                .or_else(|| probe.and_then(|probe| Some(probe.remote_address?.to_string()))),
        ),
        (
            "encryption",
            probe.and_then(|probe| Some(probe.tls_version?.as_str().to_owned())),
        ),
        (
            "certificate",
            certificate.map(|certificate| validity(certificate, now)),
        ),
        ("made for", certificate.map(|it| it.subject.clone())),
        ("signed by", certificate.map(|it| it.issuer.clone())),
        (
            "redirects",
            probe
                .filter(|probe| probe.redirects > 0)
                .map(|probe| format!("{} followed", probe.redirects)),
        ),
        ("answer", response.map(answer)),
        ("page", response.map(page)),
        (
            "pattern",
            response.and_then(|response| pattern(result, &response.matched, story)),
        ),
        ("must match", story::excerpt(story, "must_match")),
        ("must not", story::excerpt(story, "must_not_match")),
    ];
    facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
        .collect()
}

fn answer(response: &Response) -> String {
    answered(response.status, response.http_version)
}

fn page(response: &Response) -> String {
    let bytes = response.body_bytes;
    if response.body_truncated {
        format!("{bytes} bytes read, and there is more (BODY_BYTES_MAX)")
    } else {
        format!("{bytes} bytes")
    }
}

fn pattern(result: &CheckResult, matched: &Match, story: &Story) -> Option<String> {
    if result.check.regex_pattern.is_empty() {
        return None;
    }
    Some(match matched {
        Match::Matched(text) if text.is_empty() => "found, and the match is empty".into(),
        Match::Matched(_) => {
            format!(
                "found: {}",
                story::excerpt(story, "regexp").unwrap_or_default()
            )
        }
        Match::NotMatched => "not found in the whole page (that is recorded, no failure)".into(),
        Match::NotEvaluated => "not sought: the page is no text, was cut off, or failed".into(),
    })
}

fn validity(certificate: &Certificate, now: Timestamp) -> String {
    let not_after = certificate.not_after;
    let days = not_after.duration_since(now).as_hours() / DAY_HOURS;
    let left = match (not_after < now, days) {
        (true, days) => format!("ended {} ago", in_days(-days)),
        (false, days) => format!("{} left", in_days(days)),
    };
    format!("{left} (until {not_after:.0})")
}

fn in_days(days: i64) -> String {
    match days {
        0 => "less than a day".into(),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}
