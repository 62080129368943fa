//! What comes of reading settings that are wrong.

use thiserror::Error;

/// All that is wrong with the settings, a line each.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct InvalidSettings(pub(super) Vec<String>);

impl InvalidSettings {
    /// The lines.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}
