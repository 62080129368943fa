//! What a setting is: its name, its default, what it is for.

use std::fmt;

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
