//! What becomes of the results that Kafka does not have: they wait, are sent, acknowledged, refused
//! or dropped, and each is counted.

use messages::CheckResult;
use metrics::{counter, gauge};
use service::health::Health;

use super::{
    backlog::{Backlog, BacklogSettings},
    drops::Drops,
    entry::{Encoder, Entry},
    limits::Limits,
};

/// The results that Kafka does not have, with what is known of how much it takes.
#[derive(Debug)]
pub(super) struct Unpublished {
    pub(super) backlog: Backlog,
    pub(super) drops: Drops,
    pub(super) limits: Limits,
    encoder: Box<dyn Encoder>,
}

impl Unpublished {
    pub(super) fn new(
        settings: BacklogSettings,
        encoder: Box<dyn Encoder>,
        health: Health,
    ) -> Self {
        Self {
            backlog: Backlog::new(settings),
            drops: Drops::new(health),
            limits: Limits::default(),
            encoder,
        }
    }

    /// Puts a result behind those that wait, or drops it where there is no room.
    pub(super) fn keep(&mut self, result: CheckResult) {
        let bytes_max = self.limits.value_bytes_max(&result.check.url);
        let entry = Entry::new(result, self.encoder.as_ref(), bytes_max);
        if !self.backlog.accept(entry) {
            self.drops.no_room();
        }
        self.show();
    }

    /// Kafka has it.
    pub(super) fn acknowledged(&mut self, number: usize) {
        if let Some(entry) = self.backlog.remove(number) {
            self.drops.went(&entry.url);
        }
        counter!("monitor_published_results_total").increment(1);
        self.show();
    }

    /// Drops an entry that was refused by itself alone and cannot be made smaller. `false` when
    /// that is not so: then it has to be sent again, in its place.
    pub(super) fn drop_hopeless(&mut self, number: usize) -> bool {
        let entry = self.backlog.get(number);
        let hopeless =
            entry.is_some_and(|entry| self.limits.is_alone(entry) && !entry.is_shrinkable());
        if hopeless {
            self.drop_too_large(number);
        }
        hopeless
    }

    /// Kafka found these too large, each with its whole batch. One that was alone is made smaller,
    /// or dropped; the others are good, and are sent again in smaller batches.
    pub(super) fn refused(&mut self, numbers: &[usize]) {
        let mut together_bytes = 0;
        for &number in numbers {
            match self.backlog.get(number) {
                Some(entry) if self.limits.is_alone(entry) => self.shrink(number),
                Some(entry) => together_bytes += entry.sent_bytes(),
                None => {}
            }
        }
        if together_bytes > 0 {
            self.limits.refused_together(together_bytes);
        }
    }

    fn shrink(&mut self, number: usize) {
        let (limits, encoder) = (&mut self.limits, self.encoder.as_ref());
        let shrunk = self.backlog.change(number, |entry| {
            let bytes_max = limits.value_bytes_max(&entry.url);
            let shrunk = entry.shrink(encoder, bytes_max);
            if shrunk {
                limits.shortened(entry);
            }
            shrunk
        });
        if shrunk == Some(false) {
            self.drop_too_large(number);
        }
    }

    fn drop_too_large(&mut self, number: usize) {
        if let Some(entry) = self.backlog.remove(number) {
            self.drops.too_large(&entry);
        }
        self.show();
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn show(&self) {
        gauge!("monitor_unpublished_results").set(self.backlog.len() as f64);
    }
}

#[cfg(test)]
mod tests;
