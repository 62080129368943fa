//! Going on without a store, and with one that is well again.

use std::fmt::Display;

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::{early::Early, holding::Spool};
use crate::{
    clock, numbers,
    publish::backlog::Backlog,
    state::{Committed, Resumed},
};

impl Spool {
    /// Whether there is a store, by which the next start knows what is owed.
    pub(crate) fn has_store(&self) -> bool {
        self.disk.is_there()
    }

    /// There is no store from the beginning.
    pub(super) fn begin_without(&mut self, why: &str) {
        warn!(
            "Going on without state: {why}. What Kafka does not have when the monitor is killed is lost. \
             It is tried again from time to time"
        );
        self.without(why);
    }

    /// Goes on without the store that there was.
    pub(super) fn go_away(&mut self, why: &dyn Display, backlog: &mut Backlog) {
        let is_on_disk = |serial| serial < self.written && serial >= self.gone;
        let in_memory = backlog.iter().filter(|it| is_on_disk(it.serial)).count();
        let known = (in_memory + self.settled.len()) as u64;
        let results = self.on_disk.saturating_sub(known);
        error!(
            results,
            "Going on without state (STATE_DIR): {why}. Results that were spooled there are published \
             when it is there again and sound"
        );
        self.disk.close();
        // They are bounded by what the queue takes.
        for entry in self.queue.take_all() {
            backlog.restore(entry);
        }
        self.settled.clear();
        self.early = None;
        (self.written, self.writing, self.gone) = (0, 0, 0);
        self.loaded = self.next;
        self.on_disk = 0;
        show(&Committed::default());
        self.without(&why.to_string());
    }

    fn without(&mut self, why: &str) {
        self.pace.went_without();
        self.remark(why);
    }

    /// Says for `/readyz` what is wrong with the state.
    pub(super) fn remark(&self, why: &str) {
        numbers::STATE_USABLE.gauge().set(0.0);
        if let Some(remark) = &self.remark {
            remark.set(format!("{why}; results wait in memory alone"));
        }
    }

    pub(super) fn is_well(&self) {
        numbers::STATE_USABLE.gauge().set(1.0);
        if let Some(remark) = &self.remark {
            remark.clear();
        }
    }

    /// Looks for a store, when it is time.
    pub(super) fn look_for_store(&mut self) {
        if let Some((place, lists)) = &self.place
            && self.pace.open_again_at <= Instant::now()
        {
            let (place, lists) = (place.clone(), lists.clone());
            self.disk.open(move || place.open(lists.covers()));
        }
    }

    /// A store was looked for.
    pub(super) fn opened(&mut self, opened: Result<Box<Resumed>, String>, backlog: &mut Backlog) {
        let resumed = match opened {
            Ok(resumed) => *resumed,
            Err(why) => return self.without(&why),
        };
        info!("The state (STATE_DIR) is there again");
        // What was there came before what is in memory.
        backlog.number_from(resumed.next_serial);
        self.written = resumed.next_serial;
        self.writing = resumed.next_serial;
        self.next = resumed.next_serial + backlog.len() as u64;
        self.loaded = self.next;
        self.early = Early::new(resumed.first_serial, resumed.next_serial);
        self.on_disk = resumed.results;
        self.watermarks.go_on_in(resumed.watermarks, clock::now());
        self.disk.put(resumed.store);
        self.pace.opened();
        self.is_well();
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn show(committed: &Committed) {
    numbers::SPOOLED.gauge().set(committed.results as f64);
    numbers::SPOOL_BYTES.gauge().set(committed.bytes as f64);
    let oldest = committed.oldest.map_or(0, jiff::Timestamp::as_second);
    numbers::SPOOL_OLDEST.gauge().set(oldest as f64);
}
