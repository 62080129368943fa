//! How busy the machine is.

use std::fs;

use anyhow::{Context, Result};

/// Of the first line of `/proc/stat`: idle, and waiting for disks.
const IDLE_FIELDS: [usize; 2] = [3, 4];
/// Behind these, time of guests is counted twice.
const FIELDS: usize = 8;

/// The time of all cores so far.
pub(crate) struct Machine {
    all: u64,
    idle: u64,
}

impl Machine {
    /// As it is now.
    pub(crate) fn look() -> Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().context("an empty stat")?;
        let fields = line.split_whitespace().skip(1).take(FIELDS);
        let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>()?;
        let idle = IDLE_FIELDS.iter().filter_map(|field| ticks.get(*field));
        Ok(Self {
            all: ticks.iter().sum(),
            idle: idle.sum(),
        })
    }

    /// The part of its time in which it was not idle.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn busy_since(&self, before: &Self) -> f64 {
        let (all, idle) = (self.all - before.all, self.idle - before.idle);
        1.0 - idle as f64 / all.max(1) as f64
    }
}
