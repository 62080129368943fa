//! Variables by any name, for texts of the user that name one.

use std::{fmt, sync::Arc};

use config::Config;

/// What the environment and `.env` say, as settings are read: whatever the case, and an empty one
/// counts as unset.
#[derive(Clone, Default)]
pub struct Variables(Arc<Config>);

impl Variables {
    pub(super) fn new(values: &Config) -> Self {
        Self(Arc::new(values.clone()))
    }

    /// What a name is set to.
    pub fn get(&self, name: &str) -> Option<String> {
        // The library keeps names in small letters.
        self.0.get_string(&name.to_lowercase()).ok()
    }
}

/// Some are secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Variables(***)")
    }
}
