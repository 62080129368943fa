//! The phases as bars, one after the other on a common scale.

use std::time::Duration;

use messages::{Phase, Timings};

/// Cells of the whole time: with its name, its time and a word behind it, a line has 80 columns.
const CELLS: usize = 47;

/// A phase: how long it took, and where on the scale.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) phase: Phase,
    pub(super) time: Duration,
    /// Empty cells before it.
    pub(super) offset: usize,
    /// Cells of its own: one at least, so that it is seen.
    pub(super) length: usize,
}

/// The phases that happened, to scale.
pub(super) fn bars(timings: &Timings) -> Vec<Bar> {
    let happened: Vec<_> = Phase::ALL
        .iter()
        .filter_map(|phase| Some((*phase, timings.get(*phase)?)))
        .collect();
    let whole: Duration = happened.iter().map(|(_, time)| *time).sum();
    let mut before = Duration::ZERO;
    let bars = happened.into_iter().map(|(phase, time)| {
        let start = cell(before, whole);
        before += time;
        let end = cell(before, whole);
        let offset = start.min(CELLS - 1);
        Bar {
            phase,
            time,
            offset,
            length: (end - start).clamp(1, CELLS - offset),
        }
    });
    bars.collect()
}

/// Where on the scale a time is.
fn cell(time: Duration, whole: Duration) -> usize {
    if whole.is_zero() {
        return 0;
    }
    let cells = time.as_nanos() * CELLS as u128 + whole.as_nanos() / 2;
    // A part of the whole: no more than all cells.
    usize::try_from(cells / whole.as_nanos()).map_or(CELLS, |cell| cell.min(CELLS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_to_scale_and_each_phase_is_seen() {
        let timings = Timings {
            dns: Some(Duration::from_millis(25)),
            connect: Some(Duration::from_nanos(1)),
            first_byte: Some(Duration::from_millis(75)),
            body: Some(Duration::ZERO),
            ..Timings::default()
        };
        let places: Vec<_> = bars(&timings)
            .iter()
            .map(|bar| (bar.phase, bar.offset, bar.length))
            .collect();
        assert_eq!(
            places,
            [
                (Phase::Dns, 0, 12),
                (Phase::Connect, 12, 1),
                (Phase::FirstByte, 12, 35),
                (Phase::Body, 46, 1),
            ]
        );
        assert_eq!(bars(&Timings::default()), []);
    }
}
