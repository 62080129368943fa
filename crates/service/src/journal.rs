//! systemd's journal: whether our standard error leads there, and how a line says its level there, so
//! that `journalctl --priority=warning` finds what is one.

use std::{env, io};

use rustix::fs::fstat;
use tracing::Level;

/// What systemd says of the stream that it gave us, as `device:inode`.
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";

/// Whether standard error is the stream that systemd gave us. That the variable is set is not enough: a shell that
/// systemd has started leaves it to programs whose standard error leads elsewhere.
pub(crate) fn is_standard_error() -> bool {
    let Ok(given) = env::var(JOURNAL_STREAM) else {
        return false;
    };
    fstat(io::stderr()).is_ok_and(|ours| given == format!("{}:{}", ours.st_dev, ours.st_ino))
}

/// How a line of this level begins (sd-daemon(3)); the journal takes it off.
pub(crate) fn level_prefix(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}
