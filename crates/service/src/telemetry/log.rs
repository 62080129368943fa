//! The log: from which level on, for whom.

use std::io;

use anyhow::Context;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use super::{prefixed::Prefixed, text::Text};
use crate::{
    defects::Reporter,
    journal,
    settings::{Reader, Setting},
};

/// Our own crates, whose details DEBUG shows; those of libraries start at INFO.
const OWN_TARGETS: [&str; 4] = ["monitor", "consumer", "service", "messages"];

/// Libraries that say at length what we say ourselves, with what follows from it: the connections
/// that a server drops, the migrations.
const QUIET_TARGETS: [&str; 3] = ["deadpool_postgres", "tokio_postgres", "refinery_core"];

/// Events of this target repeat what is known already. Machines, which count, get them at every
/// level; people, who would drown in them, on DEBUG.
pub const REPETITIONS: &str = "repetitions";

const LOG_LEVEL: Setting = Setting::with_default(
    "LOG_LEVEL",
    "INFO",
    "DEBUG, INFO, WARNING, ERROR or CRITICAL",
);
const LOG_FORMAT: Setting =
    Setting::with_default("LOG_FORMAT", "text", "text for people, json for machines");

/// How the log is written.
#[derive(Clone, Copy, Debug)]
pub struct LogSettings {
    /// From this level on.
    pub level: Level,
    /// For whom.
    pub format: LogFormat,
}

/// For whom the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line.
    Json,
}

impl LogSettings {
    /// Reads the settings.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            // The names of Python's logging, which the original takes, and Rust's.
            level: reader.choice(
                &LOG_LEVEL,
                &[
                    ("INFO", Level::INFO),
                    ("TRACE", Level::TRACE),
                    ("DEBUG", Level::DEBUG),
                    ("WARNING", Level::WARN),
                    ("WARN", Level::WARN),
                    ("ERROR", Level::ERROR),
                    ("CRITICAL", Level::ERROR),
                ],
            ),
            format: reader.choice(
                &LOG_FORMAT,
                &[("text", LogFormat::Text), ("json", LogFormat::Json)],
            ),
        }
    }

    /// Starts logging to standard error, and to whoever is told of errors.
    pub fn init(self, reporter: Option<Reporter>) -> anyhow::Result<()> {
        let libraries = LevelFilter::from_level(self.level.min(Level::INFO));
        let repetitions = match self.format {
            LogFormat::Json => LevelFilter::from_level(self.level),
            LogFormat::Text if self.level >= Level::DEBUG => LevelFilter::from_level(self.level),
            LogFormat::Text => LevelFilter::OFF,
        };
        let filter = Targets::new()
            .with_default(libraries)
            .with_targets(QUIET_TARGETS.map(|target| (target, LevelFilter::ERROR)))
            .with_targets(OWN_TARGETS.map(|target| (target, self.level)))
            .with_target(REPETITIONS, repetitions);
        let registry = tracing_subscriber::registry()
            .with(filter)
            .with(reporter.map(Reporter::into_layer));
        let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
        let is_journal = journal::is_standard_error();
        let started = match self.format {
            LogFormat::Json => {
                let layer = layer.json().flatten_event(true);
                let prefixed = layer.map_event_format(|format| Prefixed { format, is_journal });
                registry.with(prefixed).try_init()
            }
            LogFormat::Text => {
                let format = Text::to_standard_error(self.level >= Level::DEBUG, !is_journal);
                let prefixed = layer.event_format(Prefixed { format, is_journal });
                registry.with(prefixed).try_init()
            }
        };
        started.context("starting the log")
    }
}
