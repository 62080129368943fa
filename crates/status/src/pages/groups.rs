//! Websites in their groups; what is too much for one page stays closed, or goes on the next.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{moment::Moment, parts::query, row};
use crate::{
    queries::{Filter, Group, Overview, SHOWN_MAX, Website},
    state::State,
    words,
};

/// What websites without a group stand under, where others have one.
const NO_GROUP: &str = "Others";

/// All groups that are asked for.
pub(super) fn groups(overview: &Overview, filter: &Filter) -> Markup {
    let page = &overview.page;
    let is_closed = filter.is_open() && page.matching > SHOWN_MAX;
    html! {
        @if page.matching == 0 {
            p.card.pad { "No website is so. " a href="/" { "All websites" } }
        } @else if is_closed {
            @if !overview.websites.is_empty() {
                (table("Not up", &html! { small { (counted(&overview.websites)) } }, &rows(overview, None)))
            }
            @for group in &overview.groups { (closed(group)) }
        } @else {
            @for group in in_order(overview) {
                (table(title(group), &standing(group), &rows(overview, Some(group))))
            }
        }
        (others(overview, filter))
    }
}

/// Groups that have a line on this page, that of the first website first.
fn in_order(overview: &Overview) -> Vec<&Group> {
    let place = |group: &Group| {
        overview
            .websites
            .iter()
            .position(|it| it.group == group.name)
    };
    let mut groups: Vec<_> = overview
        .groups
        .iter()
        .filter(|it| place(it).is_some())
        .collect();
    groups.sort_by_key(|group| place(group));
    groups
}

fn title(group: &Group) -> &str {
    if group.name.is_empty() {
        NO_GROUP
    } else {
        &group.name
    }
}

fn rows(overview: &Overview, group: Option<&Group>) -> Markup {
    let moment = Moment::of(&overview.page);
    let is_of = |website: &&Website| group.is_none_or(|group| group.name == website.group);
    html! { @for website in overview.websites.iter().filter(is_of) { (row::row(website, &moment)) } }
}

fn table(title: &str, standing: &Markup, rows: &Markup) -> Markup {
    html! {
        details.card.group open {
            summary { h3 { bdi { (title) } } (standing) }
            table.list role="table" aria-label=(title) {
                thead role="rowgroup" {
                    tr role="row" {
                        th role="columnheader" scope="col" { "Website" }
                        th.c-state role="columnheader" scope="col" { "State" }
                        th.c-days role="columnheader" scope="col" { "90 days" }
                        th.c-avail.num role="columnheader" scope="col" { "Availability" }
                        th.c-resp.num role="columnheader" scope="col" { "Response, 24 h" }
                        th.c-last.num role="columnheader" scope="col" { "Last check" }
                    }
                }
                tbody role="rowgroup" { (rows) }
            }
        }
    }
}

/// A group whose rows are fetched when it is opened.
fn closed(group: &Group) -> Markup {
    let path = format!("/?{}", query(&[("group", &group.name)]));
    let count = group.states.values().sum();
    html! {
        details.card.group data-rows=(path) {
            summary { h3 { bdi { (title(group)) } } (standing(group)) }
            p.pad { a href=(path) { "Show " (words::count(count, "website")) } }
        }
    }
}

/// What its websites may still fail together, and how each is.
fn standing(group: &Group) -> Markup {
    html! {
        small {
            @if let Some(budget) = &group.budget {
                span.down[budget.is_spent()] title=(words::capital(&words::budget(budget))) {
                    @if budget.is_spent() {
                        "Error budget spent"
                    } @else {
                        (budget.left().as_deref().unwrap_or("All")) " of the error budget left"
                    }
                }
                " · "
            }
            (counts(&group.states))
        }
    }
}

/// The way to the websites before and after these.
fn others(overview: &Overview, filter: &Filter) -> Markup {
    let last = (overview.page.eligible - 1).max(0) / SHOWN_MAX;
    let path = |page: i64| {
        let page = (page + 1).to_string();
        let mut pairs = filter.pairs();
        pairs.push(("page", page));
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        format!("/?{}", query(&pairs))
    };
    html! {
        @if last > 0 {
            p.after {
                @if filter.page > 0 { a href=(path(filter.page - 1)) { "Websites before" } " · " }
                "Page " (filter.page + 1) " of " (last + 1)
                @if filter.page < last { " · " a href=(path(filter.page + 1)) { "Websites after" } }
            }
        }
    }
}

fn counted(websites: &[Website]) -> String {
    let mut states = BTreeMap::new();
    for website in websites {
        *states.entry(website.state).or_default() += 1;
    }
    counts(&states)
}

/// "3 down, 1 slow, 1 up"
fn counts(states: &BTreeMap<State, i64>) -> String {
    let words = states.iter().map(|(state, count)| match state {
        State::Maintenance => format!("{count} in maintenance"),
        state => format!("{} {}", words::thousands(*count), state.word()),
    });
    words.collect::<Vec<_>>().join(", ")
}
