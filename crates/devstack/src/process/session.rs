//! Processes in sessions of their own, the signals that reach them, and how they ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A command that starts `program` as the leader of a new session, so that neither Ctrl-C nor the
/// end of the terminal reaches it.
pub fn in_new_session(program: &Path) -> Command {
    // The standard library has no stable setsid; this program becomes the one it is given, so the
    // process id stays the same.
    let mut command = Command::new("setsid");
    command.arg(program);
    command
}

/// The status as a shell would give it: 128 and the signal's number for a process that was killed.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

/// Sends a signal; a process that is gone meanwhile is fine.
pub fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error)
            .with_context(|| format!("sending {signal:?} to process {}", pid.as_raw_nonzero())),
    }
}
