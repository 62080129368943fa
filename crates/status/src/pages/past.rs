//! What was, by day.

use jiff::{ToSpan, civil::Date};
use maud::{Markup, html};

use super::parts;
use crate::{
    queries::{Incident, Overview},
    times, words,
};

/// Days that are told, today included.
const DAYS: i32 = 14;
/// Incidents of a day that are told one by one, and websites that each names.
const TOLD_MAX: usize = 12;
const NAMED_MAX: usize = 4;

/// A day with its incidents, or days in a row that had none.
enum Entry<'a> {
    Day(Date, Vec<Vec<&'a Incident>>),
    Quiet { first: Date, last: Date },
}

/// Incidents that are over.
pub(super) fn past(overview: &Overview) -> Markup {
    html! {
        section aria-labelledby="past" {
            .head { h2 #past { "Past incidents" } p { a href="/incidents" { "All incidents" } } }
            ol.card.past {
                @for entry in entries(overview) { li { (show(&entry)) } }
            }
        }
    }
}

fn entries(overview: &Overview) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    for back in 0..DAYS {
        let today = overview.page.today;
        let date = today.checked_sub(back.days()).unwrap_or(today);
        let causes = causes(overview, date);
        match (causes.is_empty(), entries.last_mut()) {
            (false, _) => entries.push(Entry::Day(date, causes)),
            (true, Some(Entry::Quiet { first, .. })) => *first = date,
            (true, _) => entries.push(Entry::Quiet {
                first: date,
                last: date,
            }),
        }
    }
    entries
}

/// A day's incidents that are over, those of one cause together.
fn causes(overview: &Overview, date: Date) -> Vec<Vec<&Incident>> {
    let is_of = |it: &&Incident| it.ended_at.is_some() && times::day_of(it.started_at) == date;
    Incident::by_cause(overview.incidents.iter().filter(is_of))
}

fn show(entry: &Entry) -> Markup {
    match entry {
        Entry::Day(date, causes) => html! {
            time.day datetime=(date) { (times::day(*date)) }
            ul {
                @for cause in causes.iter().take(TOLD_MAX) { li { (told(cause)) } }
                @if causes.len() > TOLD_MAX { li.none { (causes.len() - TOLD_MAX) " more" } }
            }
        },
        Entry::Quiet { first, last } => html! {
            span.none { (quiet(*first, *last)) }
            p.none { "No incident" }
        },
    }
}

/// "27 August", "23 to 26 August", "30 August to 2 September"
fn quiet(first: Date, last: Date) -> String {
    match (first == last, first.month() == last.month()) {
        (true, _) => times::day(last),
        (_, true) => format!("{} to {}", first.day(), times::day(last)),
        _ => format!("{} to {}", times::day(first), times::day(last)),
    }
}

fn told(cause: &[&Incident]) -> Markup {
    let first = cause[cause.len() - 1];
    let ended_at = cause
        .iter()
        .filter_map(|it| it.ended_at)
        .max()
        .unwrap_or(first.started_at);
    let (who, reason) = match cause.len() {
        1 => (
            first.title(),
            words::reason(first.reason.as_deref(), first.error_code),
        ),
        many => (format!("{many} websites"), first.cause()),
    };
    html! {
        a href=(parts::incident_path(first.id)) { bdi { (who) } ": " (reason) }
        span.sub {
            (parts::from_to(first.started_at, ended_at))
            @if cause.len() > 1 { " · " bdi { (named(cause)) } }
            @else if let Some(phase) = first.phase_beside() { " · " (phase) }
        }
    }
}

fn named(cause: &[&Incident]) -> String {
    let names: Vec<_> = cause
        .iter()
        .rev()
        .take(NAMED_MAX)
        .map(|it| it.title())
        .collect();
    let others = cause.len() - names.len();
    let more = if others > 0 {
        format!(" and {others} more")
    } else {
        String::new()
    };
    names.join(", ") + &more
}
