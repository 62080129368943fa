//! What differs.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

/// Of each kind of difference so many are told in full.
const EXAMPLES: usize = 10;

/// Differences, by the check that found them.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kinds: BTreeMap<&'static str, (u64, Vec<String>)>,
    /// What was compared.
    pub(crate) compared: BTreeMap<&'static str, u64>,
}

impl Findings {
    /// Notes a difference.
    pub(crate) fn add(&mut self, kind: &'static str, what: impl Into<String>) {
        let (count, examples) = self.kinds.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(what.into());
        }
    }

    /// Counts what was compared.
    pub(crate) fn compared(&mut self, what: &'static str) {
        *self.compared.entry(what).or_default() += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

impl Display for Findings {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.compared {
            writeln!(out, "  compared: {count} {what}")?;
        }
        for (kind, (count, examples)) in &self.kinds {
            writeln!(out, "  DIFFERS: {kind}: {count}")?;
            for example in examples {
                writeln!(out, "    {example}")?;
            }
        }
        Ok(())
    }
}
