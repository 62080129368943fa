//! Response times, their phases one upon the other, and beneath them what checks came to.

mod scale;

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use self::scale::{Scale, ticks};
use super::parts;
use crate::{
    queries::{Period, Point, WebsitePage},
    times, words,
};

/// The plot is drawn in these units, and stretched.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 240.0;
const LANE: f64 = 12.0;
/// From the foot to the top.
const PHASES: [(&str, &str); 5] = [
    ("dns", "DNS"),
    ("connect", "Connect"),
    ("tls", "TLS"),
    ("first-byte", "First byte"),
    ("body", "Body"),
];

/// The chart of a website's page.
pub(super) fn chart(page: &WebsitePage, period: Period) -> Markup {
    let plot = Plot::new(page, period);
    let title = page.website.title();
    html! {
        figure.card.pad {
            .chart {
                .y aria-hidden="true" { @for label in plot.scale.labels() { span { (label) } } }
                svg.plot viewBox="0 0 960 240" preserveAspectRatio="none" role="img" aria-labelledby="ct cd" {
                    title #ct { "Response time of " (title) " by phase, last " (period.word()) }
                    desc #cd { (plot.words()) }
                    path.grid d="M0 .5H960M0 60H960M0 120H960M0 180H960" {}
                    @for (place, (class, _)) in PHASES.iter().enumerate() {
                        path class={ "a p-" (class) } d=(plot.area(place)) {}
                    }
                    (plot.marks())
                    path.axis d="M0 240H960" {}
                }
                (plot.lane())
                svg.x aria-hidden="true" {
                    @for (x, at, format) in ticks(plot.since, plot.until, period) {
                        text x={ (format!("{:.2}", x * 100.0)) "%" } y="13" data-t=(times::iso(at)) data-f=(format.1) {
                            (times::utc(at, format.0))
                        }
                    }
                }
            }
            figcaption { (plot.legend(period)) }
        }
    }
}

struct Plot<'a> {
    points: &'a [Point],
    since: Timestamp,
    until: Timestamp,
    /// What a point takes of the width.
    step: f64,
    scale: Scale,
}

impl<'a> Plot<'a> {
    fn new(page: &'a WebsitePage, period: Period) -> Self {
        let length = page
            .now
            .duration_since(page.since)
            .max(SignedDuration::from_secs(1));
        let tops = page
            .points
            .iter()
            .filter_map(|point| Some(point.stack()?[4]));
        Self {
            points: &page.points,
            since: page.since,
            until: page.now,
            step: WIDTH * period.step().as_secs_f64() / length.as_secs_f64(),
            scale: Scale::up_to(tops.fold(0.0, f64::max)),
        }
    }

    /// Where a point stands: its left end.
    #[expect(clippy::cast_precision_loss, reason = "there are about a hundred")]
    fn x(&self, place: i64) -> f64 {
        (place as f64 * self.step).clamp(0.0, WIDTH)
    }

    fn y(&self, seconds: f64) -> f64 {
        HEIGHT - HEIGHT * self.scale.part(seconds)
    }

    /// A phase's area, a piece for each run of points that follow each other.
    fn area(&self, phase: usize) -> String {
        let mut text = String::new();
        let stacks = self.points.iter().map(|point| (point.0, point.stack()));
        let good: Vec<_> = stacks
            .filter_map(|(place, stack)| Some((place, stack?)))
            .collect();
        for run in good.chunk_by(|one, next| one.0 + 1 == next.0) {
            let edge = |stack: &[f64; 5], phase: Option<usize>| {
                self.y(phase.map_or(0.0, |phase| stack[phase]))
            };
            let (first, last) = (run[0], run[run.len() - 1]);
            let corners = |text: &mut String, phase: Option<usize>, back: bool| {
                let middle =
                    |it: &(i64, [f64; 5])| (self.x(it.0) + self.step / 2.0, edge(&it.1, phase));
                let ends = [
                    (self.x(first.0), edge(&first.1, phase)),
                    (self.x(last.0 + 1), edge(&last.1, phase)),
                ];
                let mut corners = vec![ends[0]];
                corners.extend(run.iter().map(middle));
                corners.push(ends[1]);
                if back {
                    corners.reverse();
                }
                for (x, y) in corners {
                    // Writing to a text does not fail.
                    let _ = write!(text, "L{:.0} {y:.0}", x.min(WIDTH));
                }
            };
            let begin = text.len();
            corners(&mut text, Some(phase), false);
            text.replace_range(begin..=begin, "M");
            corners(&mut text, phase.checked_sub(1), true);
            text.push('z');
        }
        text
    }

    /// Spans in which most checks failed, or nobody looked.
    fn marks(&self) -> Markup {
        let (down, missed) = (self.spans(is_down), self.spans(is_missed));
        html! {
            @for (x, width) in missed {
                rect x=(parts::tenth(x)) width=(parts::tenth(width)) height="240" fill="url(#hatch)" { title { "Missed: the prober did not look" } }
            }
            @for (x, width) in down {
                rect.band x=(parts::tenth(x)) width=(parts::tenth(width)) height="240" { title { "Down" } }
            }
        }
    }

    fn lane(&self) -> Markup {
        let path = |spans: Vec<(f64, f64)>, top: f64| {
            let mut text = String::new();
            for (x, width) in spans {
                let height = LANE - 2.0 * top;
                let _ = write!(text, "M{x:.1} {top}h{width:.1}v{height}h-{width:.1}z");
            }
            text
        };
        html! {
            svg.lane viewBox="0 0 960 12" preserveAspectRatio="none" aria-hidden="true" {
                path.fu d=(path(self.spans(|it| !is_down(it) && !is_missed(it)), 2.0)) {}
                path fill="url(#hatch)" d=(path(self.spans(is_missed), 2.0)) {}
                path.fd d=(path(self.spans(is_down), 0.0)) {}
            }
        }
    }

    /// Runs of points that are so: where each begins, and how wide it is.
    fn spans(&self, is: impl Fn(&Point) -> bool) -> Vec<(f64, f64)> {
        let chosen: Vec<_> = self
            .points
            .iter()
            .filter(|point| is(point))
            .map(|it| it.0)
            .collect();
        let runs = chosen.chunk_by(|one, next| one + 1 == *next);
        let ends = runs.map(|run| (self.x(run[0]), self.x(run[run.len() - 1] + 1)));
        ends.map(|(from, to)| (from, (to - from).max(1.0)))
            .collect()
    }

    fn words(&self) -> String {
        let tops: Vec<_> = self
            .points
            .iter()
            .filter_map(|point| Some(point.stack()?[4]))
            .collect();
        let low = tops.iter().copied().fold(f64::INFINITY, f64::min);
        let high = tops.iter().copied().fold(0.0, f64::max);
        let range = match tops.len() {
            0 => "No answer in this time".to_owned(),
            _ => format!(
                "Between {} and {}",
                words::response_time(low),
                words::response_time(high)
            ),
        };
        let count = |is: fn(&Point) -> bool| self.spans(is).len();
        format!(
            "{range}; {} of being down, {} in which the prober did not look.",
            words::count(i64::try_from(count(is_down)).unwrap_or(i64::MAX), "span"),
            words::count(i64::try_from(count(is_missed)).unwrap_or(i64::MAX), "span"),
        )
    }

    fn legend(&self, period: Period) -> Markup {
        html! {
            ul.legend {
                @for (class, word) in PHASES {
                    li { svg viewBox="0 0 1 1" aria-hidden="true" { path class={ "p-" (class) } d="M0 0h1v1H0z" {} } (word) }
                }
                @if self.points.iter().any(is_missed) {
                    li.missed { (parts::shape("missed")) "Missed: the prober did not look" }
                }
                @if self.points.iter().any(is_down) { li.down { (parts::shape("down")) "Down" } }
                li { "Mean of each " (times::span(period.step())) }
            }
        }
    }
}

/// More checks failed than were good.
fn is_down(point: &Point) -> bool {
    point.2 > point.1 && point.2 >= point.3
}

/// More checks were missed than made.
fn is_missed(point: &Point) -> bool {
    point.3 > point.1 + point.2
}
