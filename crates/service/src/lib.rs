//! What both services share. Each stage of a service takes from here what every service needs:
//!
//! - [`settings`]: the environment, read once into typed values, with all problems listed at once.
//! - [`command_line`]: arguments, `--help`, exit status.
//! - [`telemetry`]: logs and the metrics recorder.
//! - [`health`]: what the service needs to work, and whether it has it.
//! - [`http`]: `/healthz`, `/readyz`, `/metrics`.
//! - [`kafka`]: client settings, what the client says, the topic.
//! - [`certificates`]: PEM files, checked before a client meets them.
//! - [`shutdown`]: from a signal to a token.
//! - [`backoff`]: how long to wait before trying again.

pub mod backoff;
pub mod certificates;
pub mod command_line;
pub mod health;
pub mod http;
pub mod kafka;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
