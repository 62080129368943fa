//! Where the state stands, and how much of it there may be.

use std::path::PathBuf;

/// How state is kept.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// The folder, of one monitor alone.
    pub folder: PathBuf,
    /// What spooled results may take, keys and values; beyond, the oldest give way.
    pub spool_bytes_max: u64,
    /// Checks that are told as missed after a time without a monitor.
    pub backfill_max: usize,
}
