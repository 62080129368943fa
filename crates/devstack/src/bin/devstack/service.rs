//! The two services as programs: what they are called and where they are.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// Checks websites.
    Monitor,
    /// Stores results.
    Consumer,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Consumer => "consumer",
        }
    }

    /// Its program, which Cargo builds into the same folder as this one.
    pub(crate) fn program(self) -> Result<PathBuf> {
        let ours = env::current_exe().context("finding this program's own folder")?;
        let program = ours.with_file_name(self.name());
        if !program.is_file() {
            bail!(
                "{} is not built yet: cargo build does it",
                program.display()
            );
        }
        Ok(program)
    }
}
