//! Logs and the metrics recorder.

use std::{io, io::IsTerminal, time::Duration};

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::settings::{Reader, Setting};

/// How often the recorder folds its samples, which otherwise wait for a scrape that may never come.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Upper bounds in seconds for every histogram of a time: from a query to a probe's limit.
const SECONDS_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Upper bounds for every histogram of a number of rows.
const ROWS_BUCKETS: [f64; 8] = [1.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2500.0, 5000.0];
/// Our own crates, whose details DEBUG shows; those of libraries start at INFO.
const OWN_TARGETS: [&str; 4] = ["monitor", "consumer", "service", "messages"];

/// Libraries that say at length what we say ourselves, with what follows from it: the connections
/// that a server drops, the migrations.
const QUIET_TARGETS: [&str; 3] = ["deadpool_postgres", "tokio_postgres", "refinery_core"];

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

    /// Starts logging to standard error.
    pub fn init(self) -> anyhow::Result<()> {
        let libraries = LevelFilter::from_level(self.level.min(Level::INFO));
        let filter = Targets::new()
            .with_default(libraries)
            .with_targets(QUIET_TARGETS.map(|target| (target, LevelFilter::ERROR)))
            .with_targets(OWN_TARGETS.map(|target| (target, self.level)));
        let registry = tracing_subscriber::registry().with(filter);
        let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
        let started = match self.format {
            LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
            LogFormat::Text => {
                let layer = layer
                    .with_ansi(io::stderr().is_terminal())
                    .with_target(false);
                registry.with(layer).try_init()
            }
        };
        started.context("starting the log")
    }
}

/// The numbers of this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder. Names end in their unit: `_seconds`, `_rows`, `_total`.
    pub fn install() -> anyhow::Result<Self> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_rows".into()), &ROWS_BUCKETS)
            })
            .and_then(PrometheusBuilder::install_recorder)
            .context("starting the metrics")?;
        Ok(Self { handle })
    }

    /// The numbers, as Prometheus reads them.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds samples until `stop`.
    pub async fn upkeep(self, stop: CancellationToken) {
        while stop
            .run_until_cancelled(tokio::time::sleep(UPKEEP_INTERVAL))
            .await
            .is_some()
        {
            self.handle.run_upkeep();
        }
    }
}
