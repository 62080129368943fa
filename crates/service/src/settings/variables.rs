//! Variables by any name, for texts of the user that name one.

use std::{fmt, sync::Arc};

use config::Config;

/// What the environment and `.env` say, as settings are read: whatever the case, and an empty one
/// counts as unset.
#[derive(Clone, Default)]
pub struct Variables(Source);

#[derive(Clone)]
enum Source {
    Given(Arc<Config>),
    Any,
}

impl Variables {
    pub(super) fn new(values: &Config) -> Self {
        Self(Source::Given(Arc::new(values.clone())))
    }

    /// Variables of somewhere else: whatever is asked for is set there, and nobody knows to what.
    pub fn any() -> Self {
        Self(Source::Any)
    }

    /// What a name is set to; its own name, where that is known elsewhere.
    pub fn get(&self, name: &str) -> Option<String> {
        match &self.0 {
            // The library keeps names in small letters.
            Source::Given(values) => values.get_string(&name.to_lowercase()).ok(),
            Source::Any => Some(name.to_owned()),
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::Given(Arc::default())
    }
}

/// Some are secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Variables(***)")
    }
}
