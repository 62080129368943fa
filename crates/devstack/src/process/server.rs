//! What can be done to any server, whatever it serves.

use std::path::PathBuf;

use anyhow::Result;

use super::daemon::Daemon;

/// A server that this process controls. The faults that tests make are the same for all.
pub trait Server {
    /// Its process.
    fn daemon(&self) -> &Daemon;

    /// Its process, to be told something.
    fn daemon_mut(&mut self) -> &mut Daemon;

    /// Stops it in good order. Stopping twice is fine.
    fn stop(&mut self) -> impl Future<Output = Result<()>> + Send {
        self.daemon_mut().stop()
    }

    /// Ends it and its children by SIGKILL.
    fn kill(&mut self) -> impl Future<Output = Result<()>> + Send {
        self.daemon_mut().kill()
    }

    /// Freezes it and its children by SIGSTOP: connections stay open and nothing answers.
    fn pause(&mut self) -> Result<()> {
        self.daemon_mut().pause()
    }

    /// Lets it go on after [`pause`](Self::pause).
    fn resume(&mut self) -> Result<()> {
        self.daemon_mut().resume()
    }

    /// Whether its process is there.
    fn is_running(&mut self) -> bool {
        self.daemon_mut().is_running()
    }

    /// The id of its first process, while it runs.
    fn pid(&mut self) -> Option<u32> {
        self.daemon_mut().pid()
    }

    /// What it says, for a person to read.
    fn log_file(&self) -> PathBuf {
        self.daemon().log_file()
    }
}
