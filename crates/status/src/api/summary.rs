//! What Statuspage's own `summary.json` says, so that widgets made for it read ours.

use serde_json::{Value, json};

use crate::{
    pages::{incident_path, website_path},
    queries::{Incident, Overview, Website},
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
    let (indicator, description) = status(overview);
    json!({
        "page": { "id": "websites-monitor", "name": title, "url": address, "time_zone": "Etc/UTC",
            "updated_at": updated_at },
        "status": { "indicator": indicator, "description": description },
        "components": components,
        "incidents": incidents,
        "scheduled_maintenances": [],
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
        "description": words::address(&website.url), "showcase": true, "group": false,
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
