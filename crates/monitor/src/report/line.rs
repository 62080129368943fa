//! A check in words: `https://…  HTTP 500  38 ms`.
//!
//! A status is always called HTTP, so that a name that does not resolve, whose `error_code` is 404
//! too, never reads like a page that was not found.

use std::time::Duration;

use messages::{CheckResult, Failure, FailureReason, MatchKind, Outcome};

use crate::masked::Masked;

/// What fits beside a time of day, an outcome and the label of `make run` in 120 columns.
const LINE_WIDTH_MAX: usize = 92;
/// Urls are padded to this, so that most words stand below each other. So much of a url is kept, whatever
/// there is to say: it tells whose check it is, and the record has the whole words.
const URL_WIDTH: usize = 36;

/// A check's line.
pub(super) fn line(result: &CheckResult) -> String {
    let time = result.probe().map(|probe| time(probe.response_time));
    let time = time.map_or(String::new(), |time| format!("  {time}"));
    let url = Masked(&result.check.url).to_string();
    let url_width_min = url.chars().count().min(URL_WIDTH);
    let room = LINE_WIDTH_MAX - 2;
    let words = cut(&words(result), room - url_width_min - time.len());
    let said = format!("{words}{time}");
    let left = room - said.chars().count();
    let (url, width) = (cut(&url, left), URL_WIDTH.min(left));
    format!("{url:<width$}  {said}")
}

fn words(result: &CheckResult) -> String {
    let status = result
        .response()
        .map(|response| format!("HTTP {}", response.status));
    match &result.outcome {
        Outcome::Up { response, .. } => {
            let status = status.unwrap_or_default();
            match response.matched.kind() {
                MatchKind::Matched => format!("{status}, text found"),
                MatchKind::NotMatched => format!("{status}, text not found"),
                MatchKind::NotEvaluated if result.check.regex_pattern.is_empty() => status,
                MatchKind::NotEvaluated => format!("{status}, text not sought"),
            }
        }
        Outcome::Down { failure, .. } => match (status, failure.reason) {
            (Some(status), FailureReason::StatusUnexpected) => status,
            (Some(status), reason) => format!("{status}, {}", reason_words(reason)),
            (None, reason) => reason_words(reason).to_owned(),
        },
        // Here the words themselves are the point: nothing was looked at.
        Outcome::Missed { failure, .. } | Outcome::Skipped { failure } => detail(failure),
    }
}

fn detail(failure: &Failure) -> String {
    let detail = failure.detail.as_deref();
    detail.unwrap_or(reason_words(failure.reason)).to_owned()
}

/// The reason as a person says it, in a few words.
fn reason_words(reason: FailureReason) -> &'static str {
    reason.advice().short
}

fn time(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// The text, or as much of its beginning as fits.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let begin = text.chars().take(width.saturating_sub(1));
    begin.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{down, missed, up};

    #[test]
    fn a_line_says_what_came_and_how_long_it_took() {
        assert_eq!(
            line(&up("https://a.example/")),
            "https://a.example/                    HTTP 200  38 ms"
        );
        assert_eq!(
            line(&down("https://a.example/", FailureReason::ConnectRefused)),
            "https://a.example/                    connection refused  38 ms"
        );
        assert_eq!(
            line(&missed("https://u:p@a.example/", "we slept")),
            "https://***@a.example/                we slept"
        );
    }

    #[test]
    fn a_name_that_does_not_resolve_never_reads_like_a_page_that_was_not_found() {
        let result = down("https://a.example/", FailureReason::DnsNotFound);
        assert_eq!(result.error_code(), 404);
        assert!(!line(&result).contains("404"), "{}", line(&result));
    }

    #[test]
    fn whatever_is_long_a_line_fits() {
        let long = format!("https://a.example/{}", "é".repeat(300));
        for result in [
            up(&long),
            down(&long, FailureReason::TlsExpired),
            missed(&long, &"words ".repeat(50)),
            missed("https://a.example/", &"words ".repeat(50)),
        ] {
            let line = line(&result);
            assert!(line.chars().count() <= LINE_WIDTH_MAX, "{line}");
            assert!(line.starts_with("https://a.example/"), "{line}");
        }
    }

    #[test]
    fn whose_check_it_is_is_cut_last() {
        let url = "https://a.example/shop/of-the-west";
        let line = line(&missed(url, &"words ".repeat(50)));
        assert!(line.starts_with(&format!("{url}  ")), "{line}");
        assert!(line.ends_with('…'), "{line}");
    }

    #[test]
    fn long_times_are_seconds() {
        assert_eq!(time(Duration::from_millis(9_999)), "9999 ms");
        assert_eq!(time(Duration::from_millis(30_040)), "30.0 s");
    }
}
