//! What a website remembers.

use serde_json::Value;

/// What a website remembers of its newest record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) regexp: String,
    pub(crate) target: Option<Value>,
}
