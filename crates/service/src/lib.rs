//! What both services share. Each stage of a service takes from here what every service needs:
//!
//! - [`program`]: what runs a program: runtime, log, metrics, signals, exit status.
//! - [`stages`]: starts, watches and drains the parts of a service.
//! - [`settings`]: the environment, read once into typed values, with all problems listed at once.
//! - [`manual`]: man pages and completions, from the same source as `--help`.
//! - [`command_line`]: what a command's end says, and its exit status.
//! - [`telemetry`]: logs and the metrics recorder.
//! - [`defects`]: panics and errors, told to a Sentry.
//! - [`health`]: what the service needs to work, and whether it has it.
//! - [`http`]: `/healthz`, `/readyz`, `/metrics`, and a service's own pages.
//! - [`blackbox`]: what Prometheus is told of websites, by `blackbox_exporter`'s names.
//! - [`kafka`]: client settings, what the client says, the topic.
//! - [`certificates`]: PEM files, checked before a client meets them.
//! - [`traces`]: what a collector of traces is told.
//! - [`registry`]: a schema registry, as Confluent's API has it.
//! - [`renewal`]: the same files, looked at again: their end, and that they were renewed.
//! - [`signals`]: from signals to orders. `systemd`: what systemd is told. `journal`: how it takes our log.
//! - [`unseen`]: characters that nobody sees.
//! - [`backoff`]: how long to wait before trying again.

pub mod attendants;
pub mod backoff;
pub mod blackbox;
pub mod certificates;
pub mod command_line;
pub mod defects;
pub mod health;
pub mod http;
mod journal;
pub mod kafka;
mod leave;
pub mod manual;
mod outward;
pub mod program;
pub mod registry;
pub mod renewal;
pub mod settings;
pub mod signals;
pub mod stages;
mod systemd;
pub mod telemetry;
pub mod traces;
pub mod unseen;
