//! The moment that a page is of.

use jiff::{Timestamp, civil::Date};

use crate::queries::Page;

/// The moment that lines are of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) now: Timestamp,
    pub(super) today: Date,
    pub(super) uncounted: &'a [Date],
}

impl<'a> Moment<'a> {
    /// That of a page.
    pub(super) fn of(page: &'a Page) -> Self {
        Self {
            now: page.now,
            today: page.today,
            uncounted: &page.uncounted,
        }
    }
}
