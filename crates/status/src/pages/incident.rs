//! What happened: an incident with those of its cause, check by check.

mod lanes;
mod story;

use maud::{Markup, html};

use super::{
    checks,
    layout::{Layout, Menu},
    masthead::Masthead,
    parts, trouble,
};
use crate::{
    queries::{Check, Decided, IncidentPage},
    times::{self, Clock},
    words,
};

/// The page.
pub(crate) fn incident(masthead: &Masthead, page: &IncidentPage) -> Markup {
    let Some(asked) = page.asked() else {
        return trouble::missing(masthead);
    };
    let content = html! {
        (heading(page, asked))
        (facts(page, asked))
        (lanes::lanes(page))
        (opening(page, asked))
        (closing(page, asked))
        .two { (story::story(page)) (before(page)) }
    };
    Layout {
        masthead,
        headline: &page.title(),
        class: "incident",
        menu: Menu::Incidents,
        now: Some(page.span.now),
        stamp: None,
        content,
    }
    .render()
}

fn heading(page: &IncidentPage, asked: &Decided) -> Markup {
    let since = asked.incident.started_at;
    html! {
        div {
            p.crumb { a href="/" { "Websites" } " / " a href="/incidents" { "Incidents" } }
            .title {
                h1 { bdi { (page.title()) } }
                @match asked.incident.ended_at {
                    None => span.st.down { (parts::shape("down")) "Open for " (times::age(since, page.span.now)) },
                    Some(ended) => span.st.up {
                        (parts::shape("up")) "Over, after " (times::span(ended.duration_since(since)))
                    },
                }
            }
            ul.sites aria-label="Websites that it hits" {
                @for one in &page.alike {
                    li { a href=(parts::website_path(one.incident.website_id)) { bdi { (one.incident.title()) } } }
                }
            }
        }
    }
}

fn facts(page: &IncidentPage, asked: &Decided) -> Markup {
    let incident = &asked.incident;
    let reason = words::capital(&words::reason(
        incident.reason.as_deref(),
        incident.error_code,
    ));
    html! {
        dl.card.facts {
            div {
                dt { "Since" }
                dd.v { (times::time(incident.started_at, Clock::Seconds)) }
                dd.sub { (times::day(times::day_of(incident.started_at))) ", first failed check" }
            }
            @if let Some(ended_at) = incident.ended_at {
                div {
                    dt { "Until" }
                    dd.v { (times::time(ended_at, Clock::Seconds)) }
                    dd.sub { (times::day(times::day_of(ended_at))) ", first good check" }
                }
            }
            @if let Some(at) = incident.last_good_at {
                div {
                    dt { "Last good check" }
                    dd.v { (times::time(at, Clock::Seconds)) }
                    dd.sub { (times::span(incident.started_at.duration_since(at))) " before" }
                }
            }
            div {
                dt { "Reason" }
                dd.v { (reason) }
                dd.sub {
                    @if let Some(phase) = &incident.phase { "phase " (words::phase(phase)) }
                    @if let Some(detail) = &asked.detail { " · " bdi { (detail) } }
                }
            }
            @if let Some(address) = &incident.address {
                div {
                    dt { "Address" }
                    dd.v { (words::peer(address)) }
                    dd.sub { @if page.alike.len() > 1 { "of the first of " (page.alike.len()) } }
                }
            }
            div {
                dt { "Seen from" }
                dd.v { (asked.locations_down) " of " (asked.locations_heard) " heard" }
                dd.sub { "the first: " bdi { (words::place(&asked.location)) } }
            }
        }
    }
}

/// From its last good check to the one that opened it.
fn opening(page: &IncidentPage, asked: &Decided) -> Markup {
    let opened: Vec<_> = page
        .checks
        .iter()
        .filter(|it| it.due_at <= asked.opened_at)
        .collect();
    let note = |check: &Check| match () {
        () if check.id == asked.opened_by => Some("this opened it"),
        () if check.due_at == asked.incident.started_at => Some("first failed check"),
        () => None,
    };
    html! {
        section aria-labelledby="oc" {
            .head { h2 #oc { "The checks that opened it" } (website_link(asked)) }
            (checks::table(&opened, "oc", note))
        }
    }
}

fn closing(page: &IncidentPage, asked: &Decided) -> Markup {
    let closed: Vec<_> = page
        .checks
        .iter()
        .filter(|it| it.due_at > asked.opened_at)
        .collect();
    let note =
        |check: &Check| (Some(&check.id) == asked.closed_by.as_ref()).then_some("this closed it");
    html! {
        @if asked.closed_at.is_some() {
            section aria-labelledby="cc" {
                .head { h2 #cc { "The checks that closed it" } }
                (checks::table(&closed, "cc", note))
            }
        } @else {
            p.after {
                "The checks that close it will stand here."
            }
        }
    }
}

fn website_link(asked: &Decided) -> Markup {
    html! { p { a href=(parts::website_path(asked.incident.website_id)) { bdi { (asked.incident.title()) } } } }
}

fn before(page: &IncidentPage) -> Markup {
    html! {
        section aria-labelledby="be" {
            .head { h2 #be { "Before" } }
            ol.card.past {
                @for incident in &page.before {
                    li { (parts::incident(incident, Some(&incident.title()), page.span.today)) }
                }
                @if page.before.is_empty() { li { span.none { "Ever" } p.none { "No incident" } } }
            }
        }
    }
}
