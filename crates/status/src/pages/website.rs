//! A website's page.

mod days;
mod facts;
mod places;

use maud::{Markup, html};

use super::{
    chart, checks,
    layout::{Layout, Menu, Stamp},
    masthead::Masthead,
    moment::Moment,
    parts, row,
    strip::Strip,
};
use crate::{
    queries::{Check, Incident, Period, View, WebsitePage},
    times::{self, Clock},
    words,
};

/// The page.
pub(crate) fn website(masthead: &Masthead, page: &WebsitePage, view: &View) -> Markup {
    let website = &page.website;
    let stamp = Stamp::new(page.now, website.heard_at, website.every);
    let moment = Moment {
        now: page.now,
        today: page.today,
        uncounted: &[],
    };
    let strip = Strip::new(website, &moment);
    let open = page.incidents.iter().find(|it| it.ended_at.is_none());
    let content = html! {
        (heading(page))
        @if let Some(incident) = open { (banner(page, incident)) }
        (facts::facts(page, &strip))
        section aria-labelledby="rt" {
            .head { h2 #rt { "Response time" } .tools { (locations(page, view)) (periods(view)) } }
            (chart::chart(page, view.period))
        }
        (days::days(page, &strip, view))
        .two { (days::day(page, &strip, view)) (places::places(page)) }
        section aria-labelledby="lc" {
            .head { h2 #lc { "Last checks" } p { (older(page, view)) } }
            (checks::table(&page.checks.iter().collect::<Vec<_>>(), "lc", |_| None))
        }
        .two { (incidents(page)) (places::certificates(page)) }
    };
    Layout {
        masthead,
        headline: &website.title(),
        class: "website",
        menu: Menu::Nowhere,
        now: Some(page.now),
        stamp: Some(stamp),
        content,
    }
    .render()
}

fn heading(page: &WebsitePage) -> Markup {
    let website = &page.website;
    let group = [("group", &*website.group)];
    let every = website
        .every
        .and_then(|every| jiff::SignedDuration::try_from_secs_f64(every).ok());
    let places: Vec<_> = page
        .places
        .iter()
        .map(|place| words::place(&place.name))
        .collect();
    html! {
        div {
            p.crumb {
                a href="/" { "Websites" }
                @if !website.group.is_empty() {
                    " / " a href={ "/?" (parts::query(&group)) } { bdi { (website.group) } }
                }
            }
            .title { h1 dir="auto" { (website.title()) } span { (row::state(website, page.now)) } }
            p.sub {
                @if let Some(url) = &website.url { span.mono { (messages::Masked(url).to_string()) } " · " }
                @if let Some(every) = every { "every " (times::interval(every)) }
                @if !places.is_empty() { " from " bdi { (words::list(&places)) } }
                @for tag in &website.tags { " " span.tag { (tag) } }
            }
            @if !page.more.regexp.is_empty() {
                p.sub { "Sought in its page: " span.mono { bdi { (page.more.regexp) } } }
            }
            @if let Some(description) = &page.more.description { p.sub dir="auto" { (description) } }
        }
    }
}

fn banner(page: &WebsitePage, incident: &Incident) -> Markup {
    html! {
        section.card.banner.is-down aria-labelledby="oi" {
            .inc {
                p.big {
                    (times::age(incident.started_at, page.now))
                    span.sub { "since " (times::moment(incident.started_at, page.now)) }
                }
                div {
                    h2 #oi { bdi { (words::capital(&incident.cause())) } }
                    span.sub {
                        @if let Some(phase) = incident.phase_beside() { "Phase " (phase) ". " }
                        @if let Some(at) = incident.last_good_at {
                            "Last good check " (times::time(at, Clock::Seconds)) "."
                        }
                    }
                }
                a.btn.act href=(parts::incident_path(incident.id)) { "What happened" }
            }
        }
    }
}

/// The address of this page with other words; those that are not named stay.
fn address(page: &WebsitePage, view: &View, other: &[(&str, Option<&str>)], place: &str) -> String {
    let kept = [
        (
            "period",
            Some(view.period.key()).filter(|_| view.period != Period::default()),
        ),
        ("from", view.from.as_deref()),
    ];
    let kept = kept
        .iter()
        .filter(|(name, _)| other.iter().all(|it| it.0 != *name));
    let pairs: Vec<_> = kept
        .chain(other)
        .filter_map(|(name, value)| Some((*name, (*value)?)))
        .collect();
    let path = parts::website_path(page.website.id);
    if pairs.is_empty() {
        format!("{path}{place}")
    } else {
        format!("{path}?{}{place}", parts::query(&pairs))
    }
}

fn locations(page: &WebsitePage, view: &View) -> Markup {
    let is_current = |name: Option<&str>| (view.from.as_deref() == name).then_some("true");
    html! {
        @if page.places.len() > 1 {
            nav.seg aria-label="Location" {
                a href=(address(page, view, &[("from", None)], "#rt")) aria-current=[is_current(None)] { "All" }
                @for place in &page.places {
                    @let name = Some(&*place.name);
                    a href=(address(page, view, &[("from", name)], "#rt")) aria-current=[is_current(name)] {
                        bdi { (words::place(&place.name)) }
                    }
                }
            }
        }
    }
}

fn periods(view: &View) -> Markup {
    html! {
        nav.seg aria-label="Period" {
            @for period in Period::ALL {
                @let from = view.from.as_deref().map(|from| ("from", from));
                @let pairs: Vec<_> = [Some(("period", period.key())), from].into_iter().flatten().collect();
                a href={ "?" (parts::query(&pairs)) "#rt" } aria-current=[(view.period == period).then_some("true")] {
                    (period.word())
                }
            }
        }
    }
}

fn older(page: &WebsitePage, view: &View) -> Markup {
    let last: Option<&Check> = page.checks.last();
    html! {
        @if view.before.is_some() {
            a href=(address(page, view, &[("before", None)], "#lc")) { "Newest" } " · "
        }
        @if let Some(check) = last {
            @let before = check.due_at.to_string();
            a href=(address(page, view, &[("before", Some(&before))], "#lc")) { "Older" }
        }
    }
}

fn incidents(page: &WebsitePage) -> Markup {
    html! {
        section aria-labelledby="ih" {
            .head { h2 #ih { "Incidents" } }
            ol.card.past {
                @for incident in &page.incidents {
                    li { (parts::incident(incident, None, page.today)) }
                }
                @if page.incidents.is_empty() { li { span.none { "Ever" } p.none { "No incident" } } }
            }
        }
    }
}
