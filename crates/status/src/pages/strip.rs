//! 90 days as bars: a day's bar shows its worst state and shares. Good days are one dashed line, and
//! each other state is a path, so that a website costs a few hundred bytes.

mod bar;

use std::{collections::BTreeMap, fmt::Write};

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use maud::{Markup, html};

use self::bar::{Bar, Look};
use super::{moment::Moment, parts};
use crate::{queries::Website, share::Share, state::State, times};

/// Days of a strip.
const DAYS: usize = 90;
/// What a day takes of the width.
const STEP: usize = 5;

/// A website's days.
pub(super) struct Strip {
    bars: Vec<Bar>,
    /// All days together.
    share: Share,
}

impl Strip {
    /// From the counts of its days.
    pub(super) fn new(website: &Website, moment: &Moment) -> Self {
        let mut bars = vec![Bar::default(); DAYS];
        for day in &website.days {
            if let Some(bar) = usize::try_from(day.0)
                .ok()
                .and_then(|place| bars.get_mut(place))
            {
                bar.count(*day);
            }
        }
        let first = bars.iter().position(Bar::is_counted).unwrap_or(DAYS);
        for (place, bar) in bars.iter_mut().enumerate() {
            let (date, period) = day(place, moment);
            let overlaps = |it: &&(Timestamp, Option<Timestamp>)| {
                it.0 < period.1 && it.1.unwrap_or(moment.now) >= period.0
            };
            bar.incidents = website.incidents.iter().filter(overlaps).count();
            bar.silence(silent_checks(website, period, moment.now));
            bar.is_begun = place >= first;
            bar.is_uncounted = moment.uncounted.contains(&date) || date == moment.today;
        }
        let share = sum(&bars);
        Self { bars, share }
    }

    /// All days together.
    pub(super) const fn share(&self) -> Share {
        self.share
    }

    /// So many days together, up to today.
    pub(super) fn share_of_last(&self, days: usize) -> Share {
        sum(&self.bars[self.bars.len().saturating_sub(days)..])
    }

    /// The strip, a link to the website's days.
    pub(super) fn show(&self, website: &Website) -> Markup {
        let path = format!("{}#days", parts::website_path(website.id));
        let mut paths = Paths::default();
        for (place, bar) in self.bars.iter().enumerate() {
            bar.draw(|class, y, height| paths.add(class, place, y, height));
        }
        html! {
            a href=(path) aria-label=(self.label(&website.title())) {
                svg.strip viewBox="0 0 450 28" preserveAspectRatio="none" aria-hidden="true" data-odd=(self.odd()) {
                    @for (class, d) in [("su", self.runs(14, Look::Plain)), ("sn", self.runs(23, Look::Before))] {
                        @if !d.is_empty() { path class=(class) d=(d) {} }
                    }
                    @for (class, d) in &paths.0 {
                        @if *class == "hatch" { path fill="url(#hatch)" d=(d) {} }
                        @else { path class=(class) d=(d) {} }
                    }
                }
            }
        }
    }

    /// The same with a link a day: one tab stop, whose arrows the script moves.
    pub(super) fn long(&self, website: &Website, today: Date, opened: Option<Date>) -> Markup {
        let label = format!("{}, 90 days, one bar a day", website.title());
        let days = self.bars.iter().enumerate().map(|(place, bar)| {
            let date = date(place, today);
            let words = match bar.look() {
                Look::Plain => "100 %".to_owned(),
                _ if !bar.is_begun => "no check yet".to_owned(),
                _ => bar.words(),
            };
            (place, bar, date, format!("{}: {words}", times::day(date)))
        });
        html! {
            svg.strip.tall viewBox="0 0 450 28" preserveAspectRatio="none" role="group" aria-label=(label) {
                @for (place, bar, date, words) in days {
                    @let current = (opened == Some(date)).then_some("date");
                    @let tab = if place + 1 == DAYS { "0" } else { "-1" };
                    a href={ "?day=" (date) "#day" } tabindex=(tab) aria-label=(words) aria-current=[current] {
                        (rects(bar, place * STEP))
                        rect.hit x=(place * STEP) width="5" height="28" {}
                    }
                }
            }
        }
    }

    /// The first day of the strip.
    pub(super) fn first_day(&self, today: Date) -> Date {
        date(DAYS - self.bars.len(), today)
    }

    /// What the checks of a day came to, where it is one of the strip.
    pub(super) fn day(&self, day: Date, today: Date) -> Option<Share> {
        let place = (0..self.bars.len()).find(|place| date(*place, today) == day)?;
        Some(self.bars[place].share)
    }

    /// Days that look alike and follow each other, as lines at a height.
    fn runs(&self, y: usize, look: Look) -> String {
        let mut text = String::new();
        let mut place = 0;
        while place < DAYS {
            let alike = self.bars[place..]
                .iter()
                .take_while(|bar| bar.look() == look)
                .count();
            if alike > 0 {
                // Writing to a text does not fail.
                let _ = write!(text, "M{} {y}H{}", place * STEP, (place + alike) * STEP);
            }
            place += alike.max(1);
        }
        text
    }

    /// What the script says of days that are not plain: `28=100 %, partial|48=…`.
    fn odd(&self) -> String {
        let first = self
            .bars
            .iter()
            .position(|bar| bar.is_begun)
            .unwrap_or(DAYS);
        let begun = (first > 0).then(|| format!("first={first}"));
        let days = self.bars.iter().enumerate().skip(first);
        let odd = days.filter(|(_, bar)| bar.look() != Look::Plain);
        let odd = odd.map(|(place, bar)| format!("{place}={}", bar.words()));
        begun.into_iter().chain(odd).collect::<Vec<_>>().join("|")
    }

    /// "Storefront, 90 days: 3 with incidents, 4 not wholly seen"
    fn label(&self, title: &str) -> String {
        if !self.bars.iter().any(Bar::is_counted) {
            return format!("{title}: no check yet");
        }
        let count = |is: fn(&Bar) -> bool| self.bars.iter().filter(|bar| is(bar)).count();
        let incidents = match count(|bar| bar.incidents > 0) {
            0 => "no incident".to_owned(),
            days => format!("{days} with incidents"),
        };
        let unseen = match count(|bar| bar.is_begun && !bar.share.is_whole()) {
            0 => "all seen".to_owned(),
            days => format!("{days} not wholly seen"),
        };
        format!("{title}, 90 days: {incidents}, {unseen}")
    }
}

/// Paths by class, in the order in which they are drawn.
#[derive(Default)]
struct Paths(BTreeMap<&'static str, String>);

impl Paths {
    fn add(&mut self, class: &'static str, place: usize, y: i64, height: i64) {
        let path = self.0.entry(class).or_default();
        let _ = write!(path, "M{} {y}h3.75v{height}h-3.75z", place * STEP);
    }
}

/// A day's parts, drawn apart.
fn rects(bar: &Bar, x: usize) -> Markup {
    let mut parts = Vec::new();
    match bar.look() {
        Look::Plain => parts.push(("fu", 4, 20)),
        Look::Before => parts.push(("fn", 22, 2)),
        Look::Odd => bar.draw(|class, y, height| parts.push((class, y, height))),
    }
    html! {
        @for (class, y, height) in parts {
            @if class == "hatch" {
                rect fill="url(#hatch)" x=(x) y=(y) width="3.75" height=(height) {}
            } @else {
                rect class=(class) x=(x) y=(y) width="3.75" height=(height) {}
            }
        }
    }
}

/// Days together.
fn sum(bars: &[Bar]) -> Share {
    let mut share = Share::default();
    for bar in bars {
        share += bar.share;
    }
    share
}

/// Which day a place of the strip is.
fn date(place: usize, today: Date) -> Date {
    let back = i32::try_from(DAYS - 1 - place).unwrap_or(0);
    // The days of this year are within what the calendar holds.
    today.checked_sub(back.days()).unwrap_or(today)
}

/// A day, and from when to when it is.
fn day(place: usize, moment: &Moment) -> (Date, (Timestamp, Timestamp)) {
    let date = date(place, moment.today);
    let midnight = |date: Date| {
        let midnight = date.to_datetime(Time::midnight());
        TimeZone::UTC.to_timestamp(midnight).unwrap_or(moment.now)
    };
    let next = date.tomorrow().unwrap_or(date);
    (date, (midnight(date), midnight(next)))
}

/// Checks of a period of which nothing came yet, since the website is silent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "as many as a day has"
)]
fn silent_checks(website: &Website, period: (Timestamp, Timestamp), now: Timestamp) -> i64 {
    let (State::Silent, Some(heard_at), Some(every)) =
        (website.state, website.heard_at, website.every)
    else {
        return 0;
    };
    let silence = period
        .1
        .min(now)
        .duration_since(period.0.max(heard_at))
        .max(SignedDuration::ZERO);
    let locations = website.locations_heard.unwrap_or(1).max(1) as f64;
    (silence.as_secs_f64() / every.max(0.001) * locations) as i64
}

#[cfg(test)]
mod tests;
