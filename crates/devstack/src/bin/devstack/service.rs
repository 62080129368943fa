//! The two services as programs: what they are called and where they are.

use std::env;
use std::path::PathBuf;
use std::process::Command;

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

    /// The names of the settings that it reads, from its own list of them. None where it gives none.
    pub(crate) fn settings(self) -> Vec<String> {
        let help = self
            .program()
            .and_then(|program| Ok(Command::new(program).arg("--help").output()?));
        let help = help.map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&help)
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
            .filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase()))
            .map(str::to_owned)
            .collect()
    }
}
