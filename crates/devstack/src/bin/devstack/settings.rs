//! What the person has set, in the environment or in `.env`.

use std::collections::HashMap;
use std::env;
use std::path::Path;

use anyhow::{Context, Result};

/// The file beside the environment, which the services read too.
const ENV_FILE: &str = ".env";

/// The settings in the order in which the services look for them.
pub(crate) struct Settings {
    env_file: HashMap<String, String>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        if !Path::new(ENV_FILE).exists() {
            return Ok(Self {
                env_file: HashMap::new(),
            });
        }
        let env_file = dotenvy::from_path_iter(ENV_FILE)
            .and_then(Iterator::collect)
            .with_context(|| format!("reading {ENV_FILE}"))?;
        Ok(Self { env_file })
    }

    /// A setting's value. An empty one counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let value = env::var(name).ok().filter(|value| !value.is_empty());
        value.or_else(|| {
            self.env_file
                .get(name)
                .filter(|value| !value.is_empty())
                .cloned()
        })
    }
}
