//! The response times of a day as a line an inch wide.

use std::fmt::Write;

use maud::{Markup, html};

use crate::{
    queries::{Hour, Website},
    words,
};

/// Between two hours, of a width of 72.
const STEP: f64 = 3.0;
/// The line's lowest and highest point; below are marks of hours in which it was down.
const LOW: f64 = 19.0;
const HEIGHT: f64 = 16.0;

/// The line, and the mean of its day; nothing where no check answered or failed.
pub(super) fn spark(website: &Website) -> Markup {
    let mean = website.response_mean();
    let label = format!("Response times of {} over 24 hours", website.title());
    let line = line(&website.hours);
    let bad = bad(&website.hours);
    html! {
        @if !line.is_empty() || !bad.is_empty() || mean.is_some() {
            .resp {
                svg.spark viewBox="0 0 72 24" role="img" aria-label=(label) {
                    @if !line.is_empty() { path d=(line) {} }
                    @if !bad.is_empty() { path.bad d=(bad) {} }
                }
                span { @match mean {
                    Some(mean) => (words::response_time(mean)),
                    None => "–",
                } }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are 25 hours")]
fn line(hours: &[Hour]) -> String {
    let means = hours.iter().filter_map(|hour| Some((hour.0, hour.mean()?)));
    let points: Vec<_> = means.collect();
    let low = points.iter().map(|it| it.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|it| it.1).fold(0.0, f64::max);
    // A site that answers evenly draws an even line: half of its time is a small difference.
    let range = (high - low).max(high / 2.0).max(f64::MIN_POSITIVE);
    let mut text = String::new();
    let mut before = None;
    for (place, mean) in points {
        let pen = if before == Some(place - 1) { 'L' } else { 'M' };
        let (x, y) = (place as f64 * STEP, LOW - (mean - low) / range * HEIGHT);
        // Writing to a text does not fail.
        let _ = write!(text, "{pen}{x} {y:.1}");
        if pen == 'M' {
            // An hour between two without any is a dot.
            text.push_str("h.1");
        }
        before = Some(place);
    }
    text
}

/// Hours in which most checks failed.
fn bad(hours: &[Hour]) -> String {
    let mut text = String::new();
    for hour in hours.iter().filter(|hour| hour.2 > hour.1) {
        let _ = write!(text, "M{} 18v6", hour.0 * 3);
    }
    text
}
