//! All websites on one page.

use maud::{Markup, html};

use super::{
    banner, groups,
    layout::{Layout, Menu, Stamp},
    masthead::Masthead,
    parts, past, tools,
};
use crate::{
    queries::{Filter, Location, Maintenance, Named, Overview},
    state::State,
    times::{self, Clock},
    words,
};

/// The page.
pub(crate) fn overview(masthead: &Masthead, overview: &Overview, filter: &Filter) -> Markup {
    let page = &overview.page;
    let stamp = Stamp::new(page.now, page.newest_at, page.shortest);
    let content = html! {
        (banner::banner(overview, &stamp))
        @if page.total() > 0 {
            section aria-labelledby="sites" {
                .head { h2 #sites { "Websites" } (tools::tools(overview, filter)) }
                (groups::groups(overview, filter))
                (locations(overview))
            }
            .side {
                (maintenance(overview))
                (past::past(overview))
            }
        }
    };
    Layout {
        masthead,
        headline: &headline(overview, &stamp),
        class: "overview",
        menu: Menu::Websites,
        now: Some(page.now),
        stamp: Some(stamp),
        content,
    }
    .render()
}

/// What the browser's tab says.
fn headline(overview: &Overview, stamp: &Stamp) -> String {
    let page = &overview.page;
    if stamp.is_late() {
        return "No result".to_owned();
    }
    match (page.count(State::Down), page.count(State::Partial)) {
        (0, 0) if page.total() == 0 => "No website yet".to_owned(),
        (0, 0) => "Up".to_owned(),
        (0, partial) => format!("{partial} partial"),
        (down, _) => format!("{down} down"),
    }
}

fn locations(overview: &Overview) -> Markup {
    let now = overview.page.now;
    let heard = overview.locations.iter().filter(|it| it.heard_at.is_some());
    html! {
        ul.probers #probers aria-label="Locations that check" {
            @for location in heard {
                @let state = if location.is_silent(now) { State::Silent } else { State::Up };
                li class=(state.class()) {
                    (parts::shape(state.class())) b { bdi { (location.title()) } } " "
                    (heard_words(location, state, now))
                }
            }
        }
    }
}

fn heard_words(location: &Location, state: State, now: jiff::Timestamp) -> Markup {
    html! {
        @if let Some(at) = location.heard_at {
            @if state == State::Silent {
                "silent since " (times::moment(at, now))
            } @else {
                "heard " (times::age(at, now)) " ago"
            }
        }
    }
}

fn maintenance(overview: &Overview) -> Markup {
    html! {
        section aria-labelledby="maintenance" {
            .head { h2 #maintenance { "Maintenance" } }
            ol.card.past {
                @for span in &overview.maintenance { li { (planned(span, overview.page.now)) } }
                @if overview.maintenance.is_empty() {
                    li { span.none { "30 days" } p.none { "Nothing is planned" } }
                }
            }
        }
    }
}

/// Websites that are named before the others are counted.
const NAMED_MAX: usize = 8;

fn planned(span: &Maintenance, now: jiff::Timestamp) -> Markup {
    let mut names: Vec<_> = span.websites.iter().map(Named::title).collect();
    let others = names.len().saturating_sub(NAMED_MAX);
    if others > 0 {
        names.truncate(NAMED_MAX);
        names.push(format!("{others} more"));
    }
    let starts_on = times::day_of(span.starts_at);
    let ends = if times::day_of(span.ends_at) == starts_on {
        Clock::Minutes
    } else {
        Clock::Day
    };
    html! {
        @if span.starts_at <= now {
            (parts::state(State::Maintenance, "Now"))
        } @else {
            time.day datetime=(starts_on) { (times::day(starts_on)) }
        }
        div {
            bdi { (words::list(&names)) }
            span.sub {
                (times::time(span.starts_at, if span.starts_at <= now { ends } else { Clock::Minutes }))
                " to " (times::time(span.ends_at, ends))
                @if !span.note.is_empty() { ", " bdi { (span.note) } }
            }
        }
    }
}
