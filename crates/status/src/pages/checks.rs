//! Checks as a table, with every phase.

use maud::{Markup, html};

use super::parts;
use crate::{
    queries::{Check, Seen},
    state::State,
    times::{self, Clock},
    words,
};

/// The small bars are so wide, and have a gap between phases.
const WIDTH: f64 = 110.0;
const GAP: f64 = 0.8;

/// The table; `note` says what is special about a check.
pub(super) fn table(
    checks: &[&Check],
    label: &str,
    note: impl Fn(&Check) -> Option<&'static str>,
) -> Markup {
    let longest = checks
        .iter()
        .map(|check| check.response_time)
        .fold(0.001, f64::max);
    html! {
        .card.scroll role="group" aria-labelledby=(label) tabindex="0" {
            table.data {
                thead {
                    tr {
                        th scope="col" { "Time" } th scope="col" { "Location" } th scope="col" { "Result" }
                        th.num scope="col" { "Total, ms" } th scope="col" { span.vh { "Phases" } }
                        @for phase in ["DNS", "Connect", "TLS", "First byte", "Body"] {
                            th.num scope="col" { (phase) }
                        }
                        th scope="col" { "Address" } th scope="col" { "Spoke" }
                    }
                }
                tbody {
                    @for check in checks { (row(check, longest, note(check))) }
                    @if checks.is_empty() { tr { td colspan="12" { "None" } } }
                }
            }
        }
    }
}

fn row(check: &Check, longest: f64, note: Option<&str>) -> Markup {
    html! {
        tr id={ "check-" (check.id) } {
            th scope="row" { (times::time(check.due_at, Clock::Seconds)) }
            td { bdi { (words::place(&check.location)) } }
            @if check.seen() == Seen::Missed {
                td { (result(check, note)) }
                td colspan="9" { small { (check.why().unwrap_or_default()) } }
            } @else {
                td { (result(check, note)) }
                // Before the phases: where a phone ends, without scrolling to the side.
                td.num { (milliseconds(Some(check.response_time))) }
                td { (bars(check, longest)) }
                @for (key, time) in check.phases() {
                    td.num.down[check.phase.as_deref() == Some(key)] { (milliseconds(time)) }
                }
                td.mono { (check.address.as_deref().map_or("–".to_owned(), words::peer)) }
                td { (spoken(check)) }
            }
        }
    }
}

fn result(check: &Check, note: Option<&str>) -> Markup {
    html! {
        @match check.seen() {
            Seen::Up => { (parts::state(State::Up, "Up")) " " small { (check.error_code) } },
            Seen::Down => {
                (parts::state(State::Down, "Down"))
                @if let Some(why) = check.why() { " " small { (why) } }
                @if let Some(detail) = &check.detail { span.sub.detail { bdi { (detail) } } }
            },
            Seen::Missed => span.st.missed {
                (parts::shape("missed"))
                @if check.outcome.as_deref() == Some("skipped") { "Skipped" } @else { "Missed" }
            },
        }
        @if let Some(note) = note { span.sub { (note) } }
    }
}

/// The phases beside each other, by their time.
fn bars(check: &Check, longest: f64) -> Markup {
    let scale = WIDTH / longest;
    let mut x = 0.0;
    let mut bars = Vec::new();
    for (key, time) in check.phases() {
        let Some(time) = time else { continue };
        let width = (time * scale).max(1.0);
        let is_failing = check.phase.as_deref() == Some(key);
        bars.push((
            key.replace('_', "-"),
            is_failing,
            x,
            width.min(WIDTH - x).max(0.5),
        ));
        x += width + GAP;
    }
    html! {
        svg.mini viewBox="0 0 110 10" aria-hidden="true" {
            @for (key, is_failing, x, width) in bars {
                @if is_failing {
                    path.fd d=(format!("M{x:.1} 0h{width:.1}v10h-{width:.1}z")) {}
                } @else {
                    path class={ "p-" (key) } d=(format!("M{x:.1} 1h{width:.1}v8h-{width:.1}z")) {}
                }
            }
        }
    }
}

/// What was spoken, and until when its certificate is good.
fn spoken(check: &Check) -> Markup {
    let spoken = [&check.http_version, &check.tls_version];
    let spoken: Vec<_> = spoken.into_iter().flatten().map(String::as_str).collect();
    html! {
        small { @if spoken.is_empty() { "–" } @else { (spoken.join(", ")) } }
        @if let Some(at) = check.certificate_ends_at {
            span.sub { "certificate to " (times::utc(at, "%-d %b %Y")) }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a check takes minutes at most"
)]
fn milliseconds(seconds: Option<f64>) -> String {
    match seconds {
        Some(seconds) if seconds >= 0.0 => words::thousands((seconds * 1000.0).round() as i64),
        _ => "–".to_owned(),
    }
}
