//! Taking up the state where the last monitor left it.

use std::collections::HashMap;

use jiff::Timestamp;
use messages::CheckResult;
use tracing::{info, warn};

use super::{
    backfill::{Backfill, Owed},
    changes::{Changes, Spooled},
    cover::Cover,
    error::StoreError,
    settings::StateSettings,
    store::{Known, Store},
    watermark::Watermarks,
};
use crate::numbers;

/// Results that are written at once.
const GROUP_RESULTS_MAX: usize = 2_000;

/// The state as a publisher goes on with it.
#[derive(Debug)]
pub struct Resumed {
    pub(crate) store: Store,
    pub(crate) watermarks: Watermarks,
    /// The first serial that is spooled; that of the next result where nothing is.
    pub(crate) first_serial: u64,
    /// Results that are spooled.
    pub(crate) results: u64,
    /// The serial of the next result.
    pub(crate) next_serial: u64,
}

/// What the state is resumed with.
pub(super) struct Resume<'a> {
    /// The targets by now; `None` where their checks are accounted for elsewhere, so that none is owed here.
    pub(super) covers: Option<Vec<Cover>>,
    /// Which monitor this is.
    pub(super) location: &'a str,
    pub(super) now: Timestamp,
    /// How a result becomes a record's value.
    pub(super) encode: &'a dyn Fn(&CheckResult) -> Vec<u8>,
}

/// Takes up the state, and spools what is owed since as missed.
pub(super) fn resume(
    mut store: Store,
    settings: &StateSettings,
    with: Resume<'_>,
) -> Result<Resumed, StoreError> {
    let Known {
        location,
        mut targets,
        serials,
        results,
    } = store.known()?;
    if location.as_deref() != Some(with.location) {
        if let Some(before) = location {
            let by = with.location;
            info!(
                "The state is that of the location {before:?}, and this is {by:?}: no check is owed"
            );
        }
        store.begin_location(with.location)?;
        targets.clear();
    }
    if with.covers.is_none() && !targets.is_empty() {
        store.begin_location(with.location)?;
        targets.clear();
    }
    let covers = with.covers.unwrap_or_default();
    if results > 0 {
        info!(
            results,
            "Results are spooled from before: they are published first"
        );
    }
    let next_serial = serials.map_or(0, |(_, last)| last + 1);
    let mut resumed = Resumed {
        store,
        watermarks: Watermarks::default(),
        first_serial: serials.map_or(next_serial, |(first, _)| first),
        results,
        next_serial,
    };
    let covered = targets
        .iter()
        .map(|(_, cover, watermark)| (cover, *watermark));
    let owed = owed(covered, &covers);
    let told_until: Vec<_> = owed.iter().map(|owed| owed.told_until(with.now)).collect();
    let location = with.location.to_owned();
    let backfill = Backfill::new(owed, location, with.now, settings.backfill_max);
    resumed.spool(backfill, settings, with.encode)?;
    for ((id, cover, _), watermark) in targets.into_iter().zip(told_until) {
        resumed.watermarks.resume(id, cover, watermark);
    }
    resumed.watermarks.cover(covers.into_iter(), with.now);
    let mut changes = Changes::default();
    resumed.watermarks.take_changes(&mut changes, with.now);
    resumed.results = resumed.store.commit(&changes)?.results;
    Ok(resumed)
}

/// What may be owed to each target of the last monitor, by how it is covered now.
fn owed<'a>(before: impl Iterator<Item = (&'a Cover, Timestamp)>, now: &[Cover]) -> Vec<Owed> {
    let intervals = now.iter().map(|cover| (cover.url.as_str(), cover.interval));
    let intervals: HashMap<_, _> = intervals.collect();
    let owed = before.map(|(cover, watermark)| Owed {
        interval: intervals.get(cover.url.as_str()).copied(),
        cover: cover.clone(),
        watermark,
    });
    owed.collect()
}

impl Resumed {
    fn spool(
        &mut self,
        mut backfill: Backfill,
        settings: &StateSettings,
        encode: &dyn Fn(&CheckResult) -> Vec<u8>,
    ) -> Result<(), StoreError> {
        let mut told = 0;
        loop {
            let mut changes = Changes::default();
            for result in backfill.by_ref().take(GROUP_RESULTS_MAX) {
                let record = encode(&result);
                let (url, scheduled_at) = (result.check.url, result.check.scheduled_at);
                changes.spooled.push(Spooled {
                    serial: self.next_serial,
                    url,
                    scheduled_at,
                    record,
                });
                self.next_serial += 1;
            }
            if changes.spooled.is_empty() {
                break;
            }
            told += changes.spooled.len() as u64;
            self.store.commit(&changes)?;
        }
        if told > 0 {
            numbers::BACKFILLED.counter().increment(told);
            info!(
                "{told} checks were due without a monitor, or died with it: they are told as missed"
            );
        }
        let untold = backfill.untold();
        if untold > 0 {
            let max = settings.backfill_max;
            warn!("{untold} more are not told, beyond {max} (MISSED_BACKFILL_MAX)");
        }
        Ok(())
    }
}
