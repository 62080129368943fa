//! Every check around an incident: a line a website and location, a mark a check.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    pages::parts,
    queries::{IncidentPage, Lane, Seen},
    times, words,
};

/// Lines are drawn so wide, and stretched.
const WIDTH: f64 = 852.0;
/// Marks below which they get narrower.
const WIDE_MAX: usize = 50;
/// Who has no result of so many checks in a row is silent.
const SILENT_CHECKS: i32 = 3;
/// Times above the lines.
const TICKS: i64 = 4;

/// The lines.
pub(super) fn lanes(page: &IncidentPage) -> Markup {
    let (since, until) = (page.span.since, page.span.until);
    html! {
        section aria-labelledby="af" {
            .head {
                h2 #af { "Every check around it" }
                p.sub { (times::moment(since, page.span.now)) " to " (times::moment(until, page.span.now)) ", one mark a check" }
            }
            .card.scroll role="group" aria-labelledby="af" tabindex="0" {
                table.data.lanes {
                    thead { tr {
                        th scope="col" { "Website" } th scope="col" { "Location" }
                        th.wide scope="col" { span.vh { "Checks" } (clock(since, until)) }
                    } }
                    tbody { @for lane in &page.lanes { (line(page, lane)) } }
                }
            }
            ul.legend {
                li.up { (parts::shape("up")) "Up" }
                li.down { (parts::shape("down")) "Down, taller" }
                li.missed { (parts::shape("missed")) "Missed: the prober did not look" }
            }
        }
    }
}

fn clock(since: Timestamp, until: Timestamp) -> Markup {
    let length = until.duration_since(since).as_secs();
    let ticks = (0..=TICKS).filter_map(|tick| {
        let at = Timestamp::from_second(since.as_second() + length * tick / TICKS).ok()?;
        let anchor = match tick {
            0 => "start",
            TICKS => "end",
            _ => "middle",
        };
        Some((tick * 100 / TICKS, at, anchor))
    });
    html! {
        svg.x aria-hidden="true" {
            @for (x, at, anchor) in ticks {
                text x={ (x) "%" } y="13" text-anchor=(anchor) data-t=(times::iso(at)) data-f="5" { (times::utc(at, "%H:%M")) }
            }
        }
    }
}

fn line(page: &IncidentPage, lane: &Lane) -> Markup {
    let found = page
        .alike
        .iter()
        .find(|it| it.incident.website_id == lane.website_id);
    let title = found.map_or_else(String::new, |it| it.incident.title());
    let place = words::place(&lane.location);
    let failed = lane.checks.iter().filter(|it| it.1 == Seen::Down).count();
    let label = format!(
        "{title} from {place}: {failed} of {} checks failed",
        lane.checks.len()
    );
    let width = if lane.checks.len() > WIDE_MAX {
        4.0
    } else {
        14.0
    };
    html! {
        tr {
            th scope="row" { bdi { (title) } }
            td { bdi { (place) } }
            td {
                svg.checks viewBox="0 0 852 16" preserveAspectRatio="none" role="img" aria-label=(label) {
                    @if let Some((from, to)) = silence(page, lane) {
                        rect fill="url(#hatch)" x=(parts::tenth(from)) y="4" width=(parts::tenth(to - from)) height="8" rx="2" {}
                    }
                    @for (at, seen) in &lane.checks {
                        @let x = x(page, *at, width);
                        @match seen {
                            Seen::Up => rect.fu x=(x) y="4" width=(width) height="8" rx="2" {},
                            Seen::Down => rect.fd x=(x) width=(width) height="16" rx="2" {},
                            Seen::Missed => rect fill="url(#hatch)" x=(x) y="4" width=(width) height="8" rx="2" {},
                        }
                    }
                }
            }
        }
    }
}

fn x(page: &IncidentPage, at: Timestamp, width: f64) -> String {
    parts::tenth((place(page, at) - width / 2.0).clamp(0.0, WIDTH - width))
}

/// Where a time stands.
fn place(page: &IncidentPage, at: Timestamp) -> f64 {
    let (since, until) = (page.span.since, page.span.until);
    let length = until.duration_since(since).as_secs_f64().max(1.0);
    at.duration_since(since).as_secs_f64() / length * WIDTH
}

/// From where to where nothing came from a location, while others went on.
fn silence(page: &IncidentPage, lane: &Lane) -> Option<(f64, f64)> {
    let newest = page
        .lanes
        .iter()
        .filter_map(|lane| lane.checks.last())
        .map(|it| it.0)
        .max()?;
    let spacing = |lane: &Lane| {
        let (first, last) = (lane.checks.first()?.0, lane.checks.last()?.0);
        let gaps = i32::try_from(lane.checks.len()).ok()? - 1;
        (gaps > 0).then(|| last.duration_since(first) / gaps)
    };
    let every = page.lanes.iter().filter_map(spacing).min()?;
    let last = lane.checks.last()?.0;
    let is_silent = newest.duration_since(last) > every * SILENT_CHECKS;
    is_silent.then(|| (place(page, last + every), place(page, newest)))
}
