//! A website's line.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::{moment::Moment, parts, spark, strip::Strip};
use crate::{
    queries::Website,
    share::Share,
    state::State,
    times::{self, Clock},
    words,
};

/// The line.
pub(super) fn row(website: &Website, moment: &Moment) -> Markup {
    let strip = Strip::new(website, moment);
    html! {
        tr role="row" data-q=(sought(website)) {
            th role="rowheader" scope="row" {
                a.name href=(parts::website_path(website.id)) dir="auto" { (website.title()) }
                @if let Some(address) = website.address() { span.sub { (address) } }
                (certificate(website, moment.now))
            }
            td.c-state role="cell" { (state(website, moment.now)) }
            td.c-days role="cell" { (strip.show(website)) }
            td.c-avail.num role="cell" { (availability(strip.share())) }
            td.c-resp role="cell" { (spark::spark(website)) }
            td.c-last.num role="cell" {
                @if let Some(at) = website.checked_at {
                    span.nw { (times::age(at, moment.now)) " ago" }
                }
            }
        }
    }
}

/// What the search looks at, in small letters.
fn sought(website: &Website) -> String {
    let address = website
        .url
        .as_deref()
        .map(words::address)
        .unwrap_or_default();
    let name = website.name.as_deref().unwrap_or("");
    let tags = website.tags.join(" ");
    let state = website.state.key();
    format!("{name} {address} {} {tags} {state}", website.group).to_lowercase()
}

fn certificate(website: &Website, now: Timestamp) -> Markup {
    let Some(ends_at) = website.certificate_ends_at else {
        return html! {};
    };
    let days = ends_at.duration_since(now).as_hours() / 24;
    let words = match days {
        _ if ends_at <= now => "Certificate has ended".to_owned(),
        0 => "Certificate ends today".to_owned(),
        days => format!("Certificate ends in {}", words::count(days, "day")),
    };
    html! { span.sub.cert { (words) } }
}

fn availability(share: Share) -> Markup {
    html! {
        @if let (Some(good), Some(seen)) = (share.availability(), share.coverage()) {
            (good) span.sub { "of " (seen) " seen" }
        }
    }
}

/// The state in words.
pub(super) fn state(website: &Website, now: Timestamp) -> Markup {
    let state = website.state;
    let headword = match (state, website.locations_down, website.locations_heard) {
        (State::Partial, Some(down), Some(heard)) => format!("Partial, {down} of {heard}"),
        _ => state.headword().to_owned(),
    };
    let since = match state {
        State::Down | State::Partial => website.down_since,
        State::Silent => website.heard_at,
        _ => None,
    };
    html! {
        (parts::state(state, &headword))
        @if let Some(since) = since { " " span.nw { (times::age(since, now)) } }
        @if let Some(why) = why(website, now) { span.sub { (why) } }
    }
}

fn why(website: &Website, now: Timestamp) -> Option<Markup> {
    Some(match website.state {
        State::Down => html! { (words::capital(&reason(website)?)) },
        State::Partial => {
            let down = website.down.as_ref()?;
            let reason = words::reason(down.reason.as_deref(), down.code);
            html! { bdi { (words::place(&down.location)) } ": " (reason) }
        }
        State::Slow => {
            let response = website.response.as_ref()?;
            let (phase, seconds) = response.longest();
            html! {
                (words::response_time(response.time)) ", " (words::phase(phase)) " "
                (words::response_time(seconds))
            }
        }
        State::Silent => {
            let location = website.location.as_deref();
            html! {
                @if let Some(day) = website.last_day {
                    "Last heard on " (times::day(day))
                } @else if let Some(location) = location {
                    "No word from " bdi { (words::place(location)) }
                }
            }
        }
        State::Maintenance => {
            let until = website.maintenance_until?;
            let is_near = until.duration_since(now) < SignedDuration::from_hours(24);
            let answers = website.locations_down == Some(0) && website.locations_heard > Some(0);
            html! {
                "Until " (times::time(until, if is_near { Clock::Minutes } else { Clock::Day }))
                @if answers { ", answering" }
            }
        }
        State::Never | State::Up => return None,
    })
}

fn reason(website: &Website) -> Option<String> {
    match (website.incident_code, &website.down) {
        (Some(code), _) => Some(words::reason(website.incident_reason.as_deref(), code)),
        (None, Some(down)) => Some(words::reason(down.reason.as_deref(), down.code)),
        (None, None) => None,
    }
}
