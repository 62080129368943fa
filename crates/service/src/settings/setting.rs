//! What a setting is: its name, its default, what it is for.

use std::fmt::{self, Write as _};

/// One variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What it is when unset.
    pub default: DefaultValue,
    /// What it is for, a phrase.
    pub help: &'static str,
}

/// What a setting is when its variable is unset or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// It must be set.
    Required,
    /// Nothing.
    Unset,
    /// This.
    Is(&'static str),
}

impl Setting {
    /// A setting without which the service cannot run.
    pub const fn required(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            default: DefaultValue::Required,
            help,
        }
    }

    /// A setting that may be absent.
    pub const fn optional(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            default: DefaultValue::Unset,
            help,
        }
    }

    /// A setting with a default.
    pub const fn with_default(
        name: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            default: DefaultValue::Is(default),
            help,
        }
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => formatter.write_str("required"),
            Self::Unset => formatter.write_str("unset"),
            Self::Is(value) => formatter.write_str(value),
        }
    }
}

/// Settings as `--help` lists them.
pub(super) fn listed(settings: &[Setting]) -> String {
    let names = settings.iter().map(|setting| setting.name.len());
    let width = names.max().unwrap_or(0);
    let mut text = String::from("Settings (environment, or .env in the working directory):\n");
    for Setting {
        name,
        default,
        help,
    } in settings
    {
        // Writing to a String does not fail.
        writeln!(text, "  {name:width$}  {help} [{default}]").ok();
    }
    text
}
