//! What a run does. The seed decides everything else: records, faults, their order and their length.

use std::path::PathBuf;

/// A run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides everything that is not said here.
    pub seed: u64,
    /// Records that are sent, those that faults send again not counted.
    pub records: u64,
    /// Faults, one after the other while records flow.
    pub faults: usize,
    /// Faults whose names hold this; all where it is empty.
    pub only: String,
    /// Whether records come as fast as they can be sent while a fault is under way.
    pub is_burst: bool,
    /// Further settings of the consumers, by name.
    pub settings: Vec<(String, String)>,
    /// The program that is hurt.
    pub consumer: PathBuf,
    /// Where the consumers' logs are kept; with the run's other files, and gone with them, where
    /// it is `None`.
    pub logs: Option<PathBuf>,
}
