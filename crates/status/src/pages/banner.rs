//! What is, since when, and why: nothing stands above it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{layout::Stamp, parts};
use crate::{
    queries::{Incident, Overview},
    state::State,
    times::{self, Clock},
    words,
};

/// Open incidents that are told one by one, and websites that each names.
const OPEN_MAX: usize = 8;
const NAMED_MAX: usize = 12;

/// How all websites are.
pub(super) fn banner(overview: &Overview, stamp: &Stamp) -> Markup {
    let (kind, state, headline) = verdict(overview, stamp);
    let causes = open_causes(overview);
    html! {
        section class={ "card banner full " (kind) } aria-labelledby="now" {
            header class=(state.class()) {
                (parts::shape(state.class())) h1 #now { (headline) }
                p { (seen_from(overview)) }
            }
            @for cause in causes.iter().take(OPEN_MAX) { (open(cause, overview.page.now)) }
            @if causes.len() > OPEN_MAX {
                .inc { p {} p { (causes.len() - OPEN_MAX) " more are open: see " a href="#past" { "below" } } }
            }
            @if overview.page.total() == 0 {
                .pad { p { "As soon as the first result of the monitor is stored, it stands here." } }
            }
            (counts(overview))
        }
    }
}

fn verdict(overview: &Overview, stamp: &Stamp) -> (&'static str, State, Markup) {
    let page = &overview.page;
    let (total, count) = (page.total(), |state| page.count(state));
    let are = |number: i64| if number == 1 { "is" } else { "are" };
    let of = |number| html! { (words::thousands(number)) " of " (words::count(total, "website")) " " (are(number)) };
    let Some(newest_at) = page.newest_at.filter(|_| total > 0) else {
        return ("", State::Never, html! { "No website yet" });
    };
    if stamp.is_late() {
        let since = html! { "No result since " (times::moment(newest_at, page.now)) };
        return (
            "is-late",
            State::Slow,
            html! { (since) ": how things are is not known" },
        );
    }
    if count(State::Down) > 0 {
        return (
            "is-down",
            State::Down,
            html! { (of(count(State::Down))) " down" },
        );
    }
    if count(State::Partial) > 0 {
        let words = html! { (of(count(State::Partial))) " down from some locations" };
        return ("", State::Partial, words);
    }
    if count(State::Silent) > 0 {
        return (
            "",
            State::Silent,
            html! { (of(count(State::Silent))) " silent" },
        );
    }
    let state = if count(State::Slow) > 0 {
        State::Slow
    } else {
        State::Up
    };
    let slow = html! { @if state == State::Slow { ", " (words::thousands(count(state))) " slow" } };
    let all = if total == 1 {
        "The website is up".to_owned()
    } else {
        format!("All {} websites are up", words::thousands(total))
    };
    ("", state, html! { (all) (slow) })
}

fn seen_from(overview: &Overview) -> Markup {
    let now = overview.page.now;
    let all: Vec<_> = overview
        .locations
        .iter()
        .filter(|it| it.heard_at.is_some())
        .collect();
    let silent: Vec<_> = all
        .iter()
        .filter(|it| it.is_silent(now))
        .map(|it| it.title())
        .collect();
    if all.is_empty() || all.len() == 1 && silent.is_empty() {
        return html! {};
    }
    let heard = all.len() - silent.len();
    let locations = words::count(i64::try_from(all.len()).unwrap_or(i64::MAX), "location");
    let are = if silent.len() == 1 { "is" } else { "are" };
    html! {
        a href="#probers" {
            "Seen from " (heard) " of " (locations)
            @if !silent.is_empty() { ": " bdi { (words::list(&silent)) } " " (are) " silent" }
        }
    }
}

/// Open incidents, those of one cause together, the first to begin first.
fn open_causes(overview: &Overview) -> Vec<Vec<&Incident>> {
    let open = overview.incidents.iter().filter(|it| it.ended_at.is_none());
    let mut causes = Incident::by_cause(open);
    for cause in &mut causes {
        cause.sort_by_key(|incident| incident.started_at);
    }
    causes
}

/// An open incident: the first of its cause speaks for all.
fn open(cause: &[&Incident], now: Timestamp) -> Markup {
    let first = cause[0];
    let last_good = cause.iter().filter_map(|it| it.last_good_at).max();
    let sent_at = cause.iter().filter_map(|it| it.sent_at).min();
    html! {
        article.inc {
            p.big {
                (times::age(first.started_at, now))
                span.sub { "since " (times::moment(first.started_at, now)) }
            }
            div {
                h2.vh { "Open incident" }
                h3 { bdi { (words::capital(&first.cause())) } }
                ul.sites aria-label="Websites that it hits" {
                    @for hit in cause.iter().take(NAMED_MAX) {
                        li { a href=(parts::website_path(hit.website_id)) { bdi { (hit.title()) } } }
                    }
                    @if cause.len() > NAMED_MAX { li { (cause.len() - NAMED_MAX) " more" } }
                }
                span.sub {
                    @if let Some(at) = last_good { "Last good check " (times::time(at, Clock::Seconds)) ". " }
                    @if let Some(at) = sent_at { "Alert sent " (times::moment(at, now)) "." }
                }
            }
            a.btn.act href=(parts::incident_path(first.id)) { "What happened" }
        }
    }
}

fn counts(overview: &Overview) -> Markup {
    let states = State::ALL
        .into_iter()
        .map(|state| (state, overview.page.count(state)));
    html! {
        @if overview.page.total() > 0 {
            ul.counts aria-label="Websites by state" {
                @for (state, count) in states.filter(|it| it.1 > 0) {
                    li class=(state.class()) {
                        a href={ "/?state=" (state.key()) } {
                            (parts::shape(state.class())) span { b { (words::thousands(count)) } " " (state.word()) }
                        }
                    }
                }
            }
        }
    }
}
