//! How a server is found, stopped and watched.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

/// What happens to a server when the process that started it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It goes on, and another process finds it by its pid file.
    Lasting,
    /// It is stopped, also when its owner was killed.
    Guarded,
}

/// How a server is found, stopped and watched.
#[derive(Debug)]
pub(crate) struct DaemonSettings {
    pub(crate) name: &'static str,
    /// Where `pid` and `log` are kept.
    pub(crate) folder: PathBuf,
    /// A path that stands in the server's command line and in no other process's, so that a pid
    /// file from before a crash or a reboot is never believed of a stranger.
    pub(crate) marker: PathBuf,
    pub(crate) lifetime: Lifetime,
    /// Asks it to end in good order, letting no client hold it up.
    pub(crate) stop_signal: Signal,
    /// How long it may take to do so before it is killed.
    pub(crate) stop_max: Duration,
    /// How long it may take from its start to its first answer.
    pub(crate) ready_max: Duration,
    /// A folder for the watchdog to remove after an owner that could not do so itself.
    pub(crate) temporary_folder: Option<PathBuf>,
}
