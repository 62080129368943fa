//! What many pages use.

use jiff::civil::Date;
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
        @if let Some(ended_at) = incident.ended_at {
            @let is_one_day = times::day_of(ended_at) == times::day_of(started_at);
            (times::time(started_at, Clock::Minutes)) " to "
            (times::time(ended_at, if is_one_day { Clock::Minutes } else { Clock::Day }))
            ", " (times::span(ended_at.duration_since(started_at)))
        } @else {
            "since " (times::time(started_at, Clock::Minutes)) ", open"
        }
    }
}
