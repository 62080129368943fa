//! What the person has set, in the environment or in `.env`.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::Path;

use anyhow::{Result, ensure};
use service::settings::EnvFile;

/// The file beside the environment, which the services read too.
const ENV_FILE: &str = ".env";

/// Where a setting was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Environment,
    EnvFile,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Environment => "the environment",
            Self::EnvFile => ENV_FILE,
        })
    }
}

/// A setting that somebody has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// May be a secret: not to be shown as it is.
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Names the setting and where it stands, never its value.
impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.name, self.origin)
    }
}

/// The settings in the order in which the services look for them.
pub(crate) struct Settings {
    environment: BTreeMap<String, String>,
    env_file: BTreeMap<String, String>,
}

impl Settings {
    pub(crate) fn read() -> Result<Self> {
        // A variable that is no UTF-8 is none of ours.
        let environment = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::of(environment.collect(), Path::new(ENV_FILE))
    }

    pub(crate) fn of(environment: BTreeMap<String, String>, env_file: &Path) -> Result<Self> {
        let mut settings = Self {
            environment,
            env_file: BTreeMap::new(),
        };
        let env_file = EnvFile::read(env_file);
        ensure!(
            env_file.problems().is_empty(),
            env_file.problems().join("\n")
        );
        settings.env_file = env_file.values().into_iter().collect();
        settings.environment.retain(|_, value| !value.is_empty());
        settings.env_file.retain(|_, value| !value.is_empty());
        Ok(settings)
    }

    /// A setting. An empty one counts as unset.
    pub(crate) fn get(&self, name: &'static str) -> Option<Setting> {
        [
            (&self.environment, Origin::Environment),
            (&self.env_file, Origin::EnvFile),
        ]
        .into_iter()
        .find_map(|(source, origin)| {
            let value = source.get(name)?.clone();
            Some(Setting {
                name,
                value,
                origin,
            })
        })
    }

    /// The names that are set in one place and that `counts` takes.
    pub(crate) fn names(&self, origin: Origin, counts: impl Fn(&str) -> bool) -> Vec<&str> {
        let source = match origin {
            Origin::Environment => &self.environment,
            Origin::EnvFile => &self.env_file,
        };
        source
            .keys()
            .map(String::as_str)
            .filter(|name| counts(name))
            // What stands in the environment too comes from there.
            .filter(|name| origin == Origin::Environment || !self.environment.contains_key(*name))
            .collect()
    }
}
