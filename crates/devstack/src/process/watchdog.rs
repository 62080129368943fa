//! Ends a process whose owner is gone, however the owner went.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};

use super::session::in_new_session;

/// Waits for a line (the owner dismisses it) or for the end of the pipe (the owner is gone).
/// In the second case it ends the process, gently first, with its children, and removes the folder.
const SCRIPT: &str = r#"
pid=$1 marker=$2 signal=$3 folder=$4
read -r _ && exit 0
ours() { grep -aqF -- "$marker" "/proc/$pid/cmdline" 2>/dev/null; }
if ours; then
    children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
    kill -s CONT $children "$pid" 2>/dev/null
    kill "-$signal" "$pid" 2>/dev/null
    tenths=0
    while ours && [ "$tenths" -lt 300 ]; do
        sleep 0.1
        tenths=$((tenths + 1))
    done
    if ours; then
        kill -s KILL $children "$pid" 2>/dev/null
    fi
fi
if [ -n "$folder" ]; then
    rm -rf -- "$folder"
fi
"#;

/// A small process that outlives its owner by just long enough.
#[derive(Debug)]
pub struct Watchdog {
    process: Child,
    leash: ChildStdin,
}

impl Watchdog {
    /// Watches over `pid`, which is known by `marker` in its command line, and ends it by `signal`
    /// (by SIGKILL after 30 s) when this process ends without [`dismiss`](Self::dismiss).
    pub fn over(pid: Pid, marker: &Path, signal: Signal, folder: Option<&Path>) -> Result<Self> {
        let mut process = in_new_session(Path::new("sh"))
            .args(["-c", SCRIPT, "watchdog"])
            .arg(pid.as_raw_nonzero().to_string())
            .arg(marker)
            .arg(signal.as_raw().to_string())
            .arg(folder.unwrap_or(Path::new("")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the watchdog of a server")?;
        let leash = process
            .stdin
            .take()
            .context("holding the watchdog's standard input")?;
        Ok(Self { process, leash })
    }

    /// The process has ended or goes on alone: there is nothing to watch over any more.
    pub fn dismiss(mut self) {
        // A watchdog that cannot be told is not there; it is reaped all the same.
        self.leash.write_all(b"dismissed\n").ok();
        self.process.wait().ok();
    }
}
