//! What many pages use.

use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};
use url::form_urlencoded;

use crate::{
    queries::Incident,
    state::State,
    times::{self, Clock},
    words,
};

/// A shape among the symbols.
pub(super) fn shape(class: &str) -> Markup {
    html! { svg.i aria-hidden="true" { use href={ "#i-" (class) } {} } }
}

/// A state: shape, colour and word.
pub(super) fn state(state: State, words: &str) -> Markup {
    html! { span class={ "st " (state.class()) } { (shape(state.class())) (words) } }
}

/// The link to a website's page.
pub(crate) fn website_path(id: i64) -> String {
    format!("/websites/{id}")
}

/// The link to an incident's page.
pub(crate) fn incident_path(id: i64) -> String {
    format!("/incidents/{id}")
}

/// The part of an address behind its question mark.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// An incident in a list: its day, why (whose, where `who` says), and how long.
pub(super) fn incident(incident: &Incident, who: Option<&str>, today: Date) -> Markup {
    let day = times::day_of(incident.started_at);
    let reason = words::capital(&words::reason(
        incident.reason.as_deref(),
        incident.error_code,
    ));
    html! {
        time.day datetime=(day) { @if day == today { "Today" } @else { (times::day(day)) } }
        div {
            a href=(incident_path(incident.id)) { @if let Some(who) = who { bdi { (who) } ": " } (reason) }
            span.sub {
                (lasted(incident))
                @if let Some(phase) = incident.phase_beside() { " · " (phase) }
            }
        }
    }
}

/// From when to when an incident was.
pub(super) fn lasted(incident: &Incident) -> Markup {
    let started_at = incident.started_at;
    html! {
        @if let Some(ended_at) = incident.ended_at { (from_to(started_at, ended_at)) }
        @else { "since " (times::time(started_at, Clock::Minutes)) ", open" }
    }
}

/// From when to when, and how long.
pub(super) fn from_to(from: Timestamp, to: Timestamp) -> Markup {
    let is_one_day = times::day_of(from) == times::day_of(to);
    let clock = if is_one_day {
        Clock::Minutes
    } else {
        Clock::Day
    };
    html! {
        (times::time(from, Clock::Minutes)) " to " (times::time(to, clock))
        ", " (times::span(to.duration_since(from)))
    }
}

/// A length as drawings have it.
pub(super) fn tenth(number: f64) -> String {
    format!("{number:.1}")
}
