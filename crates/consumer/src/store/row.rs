//! A record as a row, and what became of it.

use messages::{OutcomeKind, Record};

/// A record that is to become a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) website_id: i64,
    /// `None` where the site showed no certificate.
    pub(super) certificate_id: Option<i32>,
    pub(super) record: &'a Record,
}

/// What became of a record that could be a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its check had no row: this is it.
    New,
    /// Its check was said to be missed, and gave way to it.
    Replaced,
    /// Its check had its row already, which stays as it is.
    Repeat,
}

/// A record with what became of it. Only what is new, or took the place of a missed one, says
/// anything of a website that was not known: whatever goes by results passes over repeats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) row: Row<'a>,
    pub(super) fate: Fate,
}

impl Row<'_> {
    /// Whether it tells that nobody looked, which gives way to any result of the same check.
    pub(super) fn is_missed(self) -> bool {
        self.record.outcome == Some(OutcomeKind::Missed)
    }
}
