//! Results that a store held which was taken up while others were in memory already: those are written
//! behind them, and go before them.

use crate::state::Spooled;

/// The serials that are still to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Early {
    pub(super) next: u64,
    pub(super) end: u64,
}

impl Early {
    /// Results from `first` on, below `end`, where there are any.
    pub(super) fn new(first: u64, end: u64) -> Option<Self> {
        (first < end).then_some(Self { next: first, end })
    }

    pub(super) fn holds(self, serial: u64) -> bool {
        (self.next..self.end).contains(&serial)
    }

    /// What is still to be read behind these results, which may go on beyond.
    pub(super) fn behind(self, results: &mut Vec<Spooled>) -> Option<Self> {
        results.retain(|result| result.serial < self.end);
        let last = results.last()?;
        Self::new(last.serial + 1, self.end)
    }
}
