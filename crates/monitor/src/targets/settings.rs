//! Where the targets stand, and what holds for all of them.

use std::{path::PathBuf, time::Duration};

use service::settings::Variables;

/// What is checked, and how often.
#[derive(Clone, Debug)]
pub struct TargetsSettings {
    /// The targets file.
    pub file: PathBuf,
    /// Its format.
    pub format: Format,
    /// From one check of a target to the next.
    pub interval: Duration,
    /// Which monitor this is.
    pub location: String,
    /// What rows may name in headers and body.
    pub variables: Variables,
}

/// The formats of a targets file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects, or an object a line.
    Json,
}
