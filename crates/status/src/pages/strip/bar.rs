//! A day's bar.

use crate::{queries::Day, share::Share, words};

/// Of a bar's height of 28: where it begins and ends, and its middle.
const TOP: i64 = 4;
const MIDDLE: i64 = 14;
const FOOT: i64 = 24;
/// One that shows checks that failed reaches further.
const LONG: i64 = 28;
/// The least part that is seen as one.
const PART_MIN: i64 = 5;
/// Between two parts.
const GAP: i64 = 1;
/// Fewer missed checks than one of so many change no bar.
const MISSED_ONE_OF: i64 = 200;
/// More slow checks than one of so many make a slow day.
const SLOW_ONE_OF: i64 = 20;
/// A day of which one of so many checks failed is red as a whole.
const WHOLLY_DOWN_ONE_OF: i64 = 20;

/// What a bar looks like, as far as it can be drawn together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// All seen, all good.
    Plain,
    /// Nothing was checked yet.
    Before,
    /// A bar of its own.
    Odd,
}

/// A day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bar {
    pub(super) share: Share,
    pub(super) incidents: usize,
    /// A day of it or one before was counted.
    pub(super) is_begun: bool,
    /// Its checks are not counted yet, or not all.
    pub(super) is_uncounted: bool,
    pub(super) slow: i64,
    pub(super) maintenance: i64,
}

impl Bar {
    /// Adds what its checks came to.
    pub(super) fn count(&mut self, day: Day) {
        self.share += day.share();
        self.slow += day.4;
        self.maintenance += day.5;
    }

    /// Adds checks of which nothing came.
    pub(super) fn silence(&mut self, checks: i64) {
        self.share.missed += checks;
    }

    pub(super) const fn is_counted(&self) -> bool {
        self.share.due() + self.maintenance > 0
    }

    pub(super) fn look(&self) -> Look {
        if !self.is_begun || !self.is_counted() && self.is_uncounted {
            Look::Before
        } else if self.share.seen() > 0
            && self.share.down == 0
            && self.incidents == 0
            && self.maintenance == 0
            && !self.is_slow()
            && !self.is_partly_missed()
        {
            Look::Plain
        } else {
            Look::Odd
        }
    }

    /// "75 %, 1 incident, 96.7 % seen"
    pub(super) fn words(&self) -> String {
        if !self.is_counted() && self.is_uncounted {
            return "not counted yet".to_owned();
        }
        let mut parts: Vec<_> = self.share.availability().into_iter().collect();
        if self.incidents > 0 {
            let incidents = i64::try_from(self.incidents).unwrap_or(i64::MAX);
            parts.push(words::count(incidents, "incident"));
        } else if self.share.down > 0 {
            parts.push(words::count(self.share.down, "failed check"));
        } else if self.is_slow() {
            parts.push("slow".to_owned());
        }
        if self.maintenance > 0 {
            parts.push("maintenance".to_owned());
        }
        match self.share.coverage() {
            _ if self.share.seen() == 0 && self.maintenance == 0 => {
                parts.push("missed: no check was made".to_owned());
            }
            Some(seen) if !self.share.is_whole() => parts.push(format!("{seen} seen")),
            _ => {}
        }
        parts.join(", ")
    }

    /// Draws its parts from the top: class, where it begins, how high it is.
    pub(super) fn draw(&self, mut part: impl FnMut(&'static str, i64, i64)) {
        if self.look() != Look::Odd {
            return;
        }
        if self.share.seen() == 0 && self.maintenance == 0 {
            return part("hatch", TOP, FOOT - TOP);
        }
        let mut top = TOP;
        if self.is_partly_missed() {
            let height = (FOOT - TOP) * self.share.missed / self.share.due().max(1);
            let height = height.clamp(PART_MIN, MIDDLE - TOP - GAP);
            part("hatch", TOP, height);
            top += height + GAP;
        }
        if self.share.down > 0 && self.incidents > 0 {
            let height = self.share.down * WHOLLY_DOWN_ONE_OF * LONG / 2 / self.share.seen();
            let begin = (MIDDLE - height.max(0)).max(0);
            if begin > top + GAP {
                part("fu", top, begin - GAP - top);
                part("fd", begin, LONG - begin);
            } else {
                let begin = if top == TOP { 0 } else { top };
                part("fd", begin, LONG - begin);
            }
        } else if self.share.down > 0 {
            part("fu", top, MIDDLE - GAP - top);
            part("fp", MIDDLE, FOOT - MIDDLE);
        } else if self.maintenance > 0 {
            part("fm", MIDDLE, FOOT - MIDDLE);
        } else if self.is_slow() {
            part("fs", top, MIDDLE - GAP - top);
            part("fs", MIDDLE + 2, FOOT - MIDDLE - 2);
        } else {
            part("fu", top, FOOT - top);
        }
    }

    const fn is_slow(&self) -> bool {
        self.slow * SLOW_ONE_OF > self.share.up
    }

    const fn is_partly_missed(&self) -> bool {
        self.share.missed * MISSED_ONE_OF > self.share.due()
    }
}
