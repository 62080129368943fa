//! What Statuspage's own `summary.json` says, so that widgets made for it read ours.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    pages::{incident_path, website_path},
    queries::{Incident, Maintenance, Named, Overview, Website},
    state::State,
    times, words,
};

/// The summary; `address` is where the page is served, where that is known.
pub(crate) fn summary(title: &str, address: &str, overview: &Overview) -> Value {
    let page = &overview.page;
    let updated_at = times::iso(page.newest_at.unwrap_or(page.now));
    let components: Vec<_> = overview
        .websites
        .iter()
        .map(|it| component(address, it))
        .collect();
    let open = overview.incidents.iter().filter(|it| it.ended_at.is_none());
    let incidents: Vec<_> = open.map(|it| incident(address, it)).collect();
    let spans = overview.maintenance.iter();
    let maintenances: Vec<_> = spans.map(|it| maintenance(address, it, page.now)).collect();
    let (indicator, description) = status(overview);
    json!({
        "page": { "id": "websites-monitor", "name": title, "url": address, "time_zone": "Etc/UTC",
            "updated_at": updated_at },
        "status": { "indicator": indicator, "description": description },
        "components": components,
        "incidents": incidents,
        "scheduled_maintenances": maintenances,
    })
}

fn status(overview: &Overview) -> (&'static str, &'static str) {
    let count = |state| overview.page.count(state);
    let total = overview.page.total();
    match (
        count(State::Down),
        count(State::Partial),
        count(State::Silent),
    ) {
        (0, 0, 0) => ("none", "All Systems Operational"),
        (0, 0, silent) if silent == total => ("major", "No Results: Status Unknown"),
        (0, ..) => ("minor", "Partially Degraded Service"),
        (down, ..) if down * 2 > total => ("critical", "Major System Outage"),
        _ => ("major", "Partial System Outage"),
    }
}

fn component(address: &str, website: &Website) -> Value {
    let status = match website.state {
        State::Down => "major_outage",
        State::Partial => "partial_outage",
        // Nothing is known, which is not well.
        State::Slow | State::Silent | State::Never => "degraded_performance",
        State::Maintenance => "under_maintenance",
        State::Up => "operational",
    };
    json!({
        "id": website.id.to_string(), "name": website.title(), "status": status,
        "updated_at": website.heard_at.map(times::iso),
        "description": website.url.as_deref().map(words::address), "showcase": true, "group": false,
        "url": format!("{address}{}", website_path(website.id)),
    })
}

fn incident(address: &str, incident: &Incident) -> Value {
    json!({
        "id": incident.id.to_string(), "name": format!("{}: {}", incident.title(), incident.cause()),
        "status": "investigating", "impact": "major", "started_at": times::iso(incident.started_at),
        "created_at": times::iso(incident.started_at),
        "shortlink": format!("{address}{}", incident_path(incident.id)),
        "components": [{ "id": incident.website_id.to_string(), "name": incident.title() }],
    })
}

/// When websites are worked on. Ours has no id of its own: it is the span of its websites.
fn maintenance(address: &str, span: &Maintenance, now: Timestamp) -> Value {
    let websites = span.websites.iter();
    let components: Vec<_> = websites
        .clone()
        .map(|it| json!({ "id": it.id.to_string(), "name": it.title() }))
        .collect();
    let names: Vec<_> = websites.map(Named::title).collect();
    let first = span.websites.first().map_or(0, |it| it.id);
    let starts_at = times::iso(span.starts_at);
    let (status, body) = if span.starts_at <= now {
        ("in_progress", "It is worked on.")
    } else {
        ("scheduled", "Work is planned.")
    };
    let name = match &*span.note {
        "" => format!("Maintenance of {}", words::list(&names)),
        note => note.to_owned(),
    };
    json!({
        "id": format!("{first}-{}", span.starts_at.as_second()), "name": name, "status": status,
        "impact": "maintenance", "scheduled_for": starts_at, "scheduled_until": times::iso(span.ends_at),
        "created_at": starts_at, "updated_at": starts_at, "shortlink": format!("{address}/#maintenance"),
        "components": components,
        "incident_updates": [{ "id": format!("{first}-{}-0", span.starts_at.as_second()), "status": status,
            "body": body, "created_at": starts_at, "display_at": starts_at }],
    })
}
