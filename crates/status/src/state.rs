//! How a website is.

use serde::Deserialize;

/// How a website is, the worst first: a word, a shape and a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// More than half of the locations heard say so.
    Down,
    /// Some say so.
    Partial,
    /// Up, and its last answer took longer than its target says.
    Slow,
    /// No result came for three of its intervals: nothing is known.
    Silent,
    /// It is worked on, as was planned.
    Maintenance,
    /// No result ever came.
    Never,
    /// All is well.
    Up,
}

impl State {
    /// In the order in which they are counted.
    pub(crate) const ALL: [Self; 7] = [
        Self::Down,
        Self::Partial,
        Self::Slow,
        Self::Silent,
        Self::Maintenance,
        Self::Never,
        Self::Up,
    ];

    /// As the address and the API spell it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Partial => "partial",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Maintenance => "maintenance",
            Self::Never => "never",
            Self::Up => "up",
        }
    }

    /// For a person, within a sentence: "1 never checked".
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Never => "never checked",
            _ => self.key(),
        }
    }

    /// For a person, at the start of a line.
    pub(crate) const fn headword(self) -> &'static str {
        match self {
            Self::Down => "Down",
            Self::Partial => "Partial",
            Self::Slow => "Slow",
            Self::Silent => "Silent",
            Self::Maintenance => "Maintenance",
            Self::Never => "Never checked",
            Self::Up => "Up",
        }
    }

    /// The class of its colour in the style sheet, and of its shape among the symbols.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Maintenance => "maint",
            _ => self.key(),
        }
    }

    /// Which state a word of the address names.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}
