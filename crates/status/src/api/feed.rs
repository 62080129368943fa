//! Incidents as an Atom feed.

use jiff::Timestamp;
use maud::{Markup, PreEscaped, html};

use crate::{pages::incident_path, queries::Incident, times, words};

/// The feed; `address` is where the page is served.
pub(crate) fn feed(title: &str, address: &str, incidents: &[Incident]) -> Markup {
    let changed_at = |it: &Incident| it.ended_at.unwrap_or(it.started_at);
    let updated = incidents
        .iter()
        .map(changed_at)
        .max()
        .unwrap_or(Timestamp::UNIX_EPOCH);
    html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"))
        feed xmlns="http://www.w3.org/2005/Atom" {
            title { "Incidents · " (title) }
            id { (address) "/feed.atom" }
            updated { (times::iso(updated)) }
            author { name { (title) } }
            (link(address, "/incidents", "alternate"))
            (link(address, "/feed.atom", "self"))
            @for incident in incidents {
                entry {
                    title { (incident.title()) ": " (words::reason(incident.reason.as_deref(), incident.error_code)) }
                    id { (address) (incident_path(incident.id)) }
                    published { (times::iso(incident.started_at)) }
                    updated { (times::iso(changed_at(incident))) }
                    (link(address, &incident_path(incident.id), "alternate"))
                    summary { (told(incident)) }
                }
            }
        }
    }
}

/// A link: in XML it closes itself, in HTML it does not, so the template cannot write it.
fn link(address: &str, path: &str, kind: &str) -> Markup {
    let href = html! { (address) (path) }
        .into_string()
        .replace('"', "&quot;");
    PreEscaped(format!("<link rel=\"{kind}\" href=\"{href}\"/>"))
}

fn told(incident: &Incident) -> String {
    let began = format!("Down since {}", times::iso(incident.started_at));
    let ended = incident.ended_at.map_or(", open".to_owned(), |ended| {
        let took = times::span(ended.duration_since(incident.started_at));
        format!(", until {}, {took}", times::iso(ended))
    });
    format!("{began}{ended}. {}.", words::capital(&incident.cause()))
}
