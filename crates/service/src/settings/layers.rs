//! The environment over `.env`.

use std::{collections::BTreeSet, ffi::OsString};

use config::{Config, Environment, Map};

use super::{env_file::EnvFile, names};

/// Values by name, those of the environment before those of the file. An empty one counts as unset.
#[derive(Debug)]
pub(super) struct Layers {
    values: Config,
    /// The names that the environment sets.
    environment: BTreeSet<String>,
    /// Those of them whose value is no text.
    no_texts: BTreeSet<String>,
    env_file: EnvFile,
}

impl Layers {
    /// Lays the environment over the file; what is wrong with either goes to `problems`.
    pub(super) fn new(
        variables: impl Iterator<Item = (OsString, OsString)>,
        mut env_file: EnvFile,
        problems: &mut Vec<String>,
    ) -> Self {
        problems.append(&mut env_file.problems);
        let (mut environment, mut no_texts) = (Map::new(), BTreeSet::new());
        for (name, value) in variables {
            // A name that is no UTF-8 is somebody else's: none of ours is.
            let Ok(name) = name.into_string() else {
                continue;
            };
            let name = name.to_uppercase();
            if value.is_empty() {
                continue;
            }
            let text = value.into_string().unwrap_or_else(|value| {
                no_texts.insert(name.clone());
                value.to_string_lossy().into_owned()
            });
            environment.insert(name, text);
        }
        Self {
            environment: environment.keys().cloned().collect(),
            no_texts,
            values: whole([env_file.values(), environment], problems),
            env_file,
        }
    }

    pub(super) fn values(&self) -> &Config {
        &self.values
    }

    /// What a name is set to. An error can only be that it is not: every value is a text.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        // The library keeps names in small letters.
        self.values.get_string(&name.to_lowercase()).ok()
    }

    /// Whether the environment sets it; the file, which is ours, does not count.
    pub(super) fn is_in_environment(&self, name: &str) -> bool {
        self.environment.contains(name)
    }

    /// Whether what it is set to is no text, of which the reader has only what can be shown of it.
    pub(super) fn is_no_text(&self, name: &str) -> bool {
        self.no_texts.contains(name)
    }

    /// A name for a person, with its line where it has one.
    pub(super) fn place(&self, name: &str) -> String {
        let mut variables = self.env_file.variables.iter().rev();
        match variables.find(|variable| variable.name == name) {
            Some(variable) if !self.is_in_environment(name) => {
                format!("{}: {name}", self.env_file.place(variable.line))
            }
            _ => name.to_owned(),
        }
    }

    /// Names that are nearly one of these, or another that is known, and mean nothing.
    pub(super) fn nearly(&self, own: &[&'static str]) -> Vec<String> {
        let in_file = self.env_file.variables.iter().filter_map(|variable| {
            let meant = names::meant_in_file(&variable.name, own)?;
            let (place, name) = (self.env_file.place(variable.line), &variable.name);
            Some(format!(
                "{place}: {name} is not known and means nothing; did you mean {meant}?"
            ))
        });
        let in_environment = self.environment.iter().filter_map(|name| {
            let meant = names::meant_in_environment(name, own)?;
            // Where the right one is set, too, the other is somebody else's.
            self.value(meant).is_none().then(|| {
                format!("{name} in the environment is not known and means nothing; did you mean {meant}?")
            })
        });
        in_file.chain(in_environment).collect()
    }
}

/// A later layer's values come first. Nothing is made of a text: the topic `007` is not the number 7.
fn whole(layers: [Map<String, String>; 2], problems: &mut Vec<String>) -> Config {
    let whole = layers.into_iter().fold(Config::builder(), |below, layer| {
        let layer = Environment::default().source(Some(layer));
        below.add_source(layer.ignore_empty(true))
    });
    whole.build().unwrap_or_else(|error| {
        problems.push(format!("reading the environment: {error}"));
        Config::default()
    })
}
