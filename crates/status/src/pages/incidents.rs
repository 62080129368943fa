//! Incidents, the newest first.

use maud::{Markup, html};

use super::{
    layout::{Layout, Menu},
    masthead::Masthead,
    parts,
};
use crate::{
    queries::{INCIDENTS_MAX, Incident},
    times,
};

/// The page, from one incident on backwards.
pub(crate) fn incidents(masthead: &Masthead, incidents: &[Incident]) -> Markup {
    let last = incidents
        .last()
        .filter(|_| incidents.len() >= INCIDENTS_MAX);
    let content = html! {
        section aria-labelledby="all" {
            .head { h1 #all { "Incidents" } }
            ol.card.past {
                @for incident in incidents {
                    li { (parts::incident(incident, Some(&incident.title()), jiff::civil::Date::MIN)) }
                }
                @if incidents.is_empty() { li { span.none { "Ever" } p.none { "No incident" } } }
            }
            @if let Some(last) = last {
                p.after { a href={ "/incidents?" (parts::query(&[("before", &times::iso(last.started_at))])) } { "Older" } }
            }
        }
    };
    Layout {
        masthead,
        headline: "Incidents",
        class: "incidents",
        menu: Menu::Incidents,
        now: None,
        stamp: None,
        content,
    }
    .render()
}
