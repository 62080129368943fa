//! What is asked first: how available, how fast, how long the certificate lasts.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    budget::{Budget, DAYS},
    pages::strip::Strip,
    queries::WebsitePage,
    share::Share,
    times, words,
};

/// What contracts promise an availability of, today included.
const MONTH_DAYS: usize = 30;

/// The facts.
pub(super) fn facts(page: &WebsitePage, strip: &Strip) -> Markup {
    let period = |days| page.periods.iter().find(|it| it.days == days);
    let day = period(1);
    html! {
        dl.card.facts {
            @if let Some(day) = day { (share("24 hours", day.share)) }
            @if let Some(week) = period(7) { (share("7 days", week.share)) }
            (share("30 days", strip.share_of_last(MONTH_DAYS)))
            (share("90 days", strip.share()))
            @if let Some(slo) = page.more.slo { (budget(&Budget::new(slo, strip.share_of_last(DAYS)))) }
            @if let Some(day) = day {
                div {
                    dt { "Response, 24 hours" }
                    @match day.buckets.percentile(50) {
                        Some(median) => dd.v { (words::response_time(median)) },
                        None => dd.v { "–" },
                    }
                    @if let Some(most) = day.buckets.percentile(95) {
                        dd.sub { "95 of 100 under " (words::response_time(most)) }
                    }
                }
            }
            @if let Some(ends_at) = page.more.certificate.as_ref().and_then(|it| it.not_after) {
                (certificate(ends_at, page.now))
            }
        }
    }
}

fn share(name: &str, share: Share) -> Markup {
    html! {
        div {
            dt { (name) }
            @match (share.availability(), share.coverage()) {
                (Some(good), Some(seen)) => { dd.v { (good) } dd.sub { "of " (seen) " seen" } },
                (None, Some(_)) => { dd.v { "–" } dd.sub { "nothing was seen" } },
                _ => { dd.v { "–" } dd.sub { "no check was due" } },
            }
        }
    }
}

/// How much of the failures that the aim allows is left.
fn budget(budget: &Budget) -> Markup {
    let spent = budget.is_spent();
    html! {
        div {
            dt { "Error budget, " (budget.slo) " %" }
            dd.v.down[spent] { @if spent { "None left" } @else { (budget.left().as_deref().unwrap_or("–")) } }
            dd.sub { (words::budget(budget)) }
        }
    }
}

fn certificate(ends_at: Timestamp, now: Timestamp) -> Markup {
    let days = ends_at.duration_since(now).as_hours().div_euclid(24);
    html! {
        div {
            dt { "Certificate" }
            dd.v.down[days < 0] { @if days < 0 { "Has ended" } @else { (words::count(days, "day")) } }
            dd.sub { @if days < 0 { "on " } @else { "ends " } (times::day(times::day_of(ends_at))) }
        }
    }
}
