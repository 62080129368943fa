//! 90 days, and the one that is opened.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::{
    pages::{parts, strip::Strip},
    queries::{DaySum, View, WebsitePage},
    times, words,
};

/// Each day a link, with what the shapes mean.
pub(super) fn days(page: &WebsitePage, strip: &Strip, view: &View) -> Markup {
    let share = strip.share();
    html! {
        section #days aria-labelledby="dy" {
            .head {
                h2 #dy { "90 days" }
                @if let (Some(good), Some(seen)) = (share.availability(), share.coverage()) {
                    p.sub { "Availability " (good) " of the " (seen) " seen" }
                }
            }
            .card.pad {
                (strip.long(&page.website, page.today, view.day))
                p.ends { span { (times::day(strip.first_day(page.today))) } span { "today" } }
                ul.legend {
                    @for (class, words) in [
                        ("up", "Up"),
                        ("slow", "Slow, cut in the middle"),
                        ("partial", "Single failures, lower half"),
                        ("down", "Down, longer than the rest"),
                        ("maint", "Maintenance, shorter"),
                        ("missed", "Missed: the prober did not look"),
                    ] {
                        li class=(class) { (parts::shape(class)) (words) }
                    }
                }
            }
        }
    }
}

/// The day that is opened.
pub(super) fn day(page: &WebsitePage, strip: &Strip, view: &View) -> Markup {
    let date = view.day.unwrap_or(page.today);
    let link = |date: Date, words: &str| {
        let day = date.to_string();
        html! { a href={ "?" (parts::query(&[("day", &day)])) "#day" } { (words) } }
    };
    let of_day = page.incidents.iter().filter(|it| {
        let last = it.ended_at.map_or(page.today, times::day_of);
        times::day_of(it.started_at) <= date && date <= last
    });
    let bar = strip.day(date, page.today);
    html! {
        section aria-labelledby="day" {
            .head {
                h2 #day { (times::day(date)) }
                p.nw {
                    @if let Ok(before) = date.yesterday() { (link(before, "Day before")) }
                    @if let Some(after) = date.tomorrow().ok().filter(|after| *after <= page.today) {
                        " · " (link(after, "Day after"))
                    }
                }
            }
            .card.pad {
                dl.kv {
                    @if let Some(share) = bar {
                        dt { "Availability" }
                        dd {
                            @match (share.availability(), share.coverage()) {
                                (Some(good), Some(seen)) => { (good) " of the " (seen) " seen" },
                                _ => "Nothing was seen",
                            }
                        }
                        dt { "Checks" }
                        dd {
                            (words::thousands(share.due())) " due: " (words::thousands(share.up)) " up, "
                            (words::thousands(share.down)) " down, " (words::thousands(share.missed)) " missed"
                        }
                    }
                    @for incident in of_day {
                        dt { "Incident" }
                        dd {
                            a href=(parts::incident_path(incident.id)) {
                                (words::capital(&words::reason(incident.reason.as_deref(), incident.error_code)))
                            }
                            span.sub { (parts::lasted(incident)) }
                        }
                    }
                    @if let Some(sum) = page.day.as_ref().filter(|sum| sum.share.up > 0) {
                        (response(sum))
                    }
                }
            }
        }
    }
}

fn response(sum: &DaySum) -> Markup {
    html! {
        @if let (Some(median), Some(most)) = (sum.buckets.percentile(50), sum.buckets.percentile(95)) {
            dt { "Response" }
            dd { (words::response_time(median)) ", 95 of 100 under " (words::response_time(most)) }
        }
        @if sum.maintenance > 0 {
            dt { "Maintenance" }
            dd { (words::count(sum.maintenance, "check")) " of " (sum.date) " that do not count" }
        }
    }
}
