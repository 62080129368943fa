//! One server process: started in a session of its own, found again by its pid file, signalled,
//! waited for, and never left behind by accident.

mod table;
mod watchdog;

use std::fs::{self, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

pub use watchdog::Watchdog;

/// How often a condition that nobody announces is looked at again.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(20);
/// A process that was sent SIGKILL is gone within this time, or the kernel is in trouble.
const KILL_MAX: Duration = Duration::from_secs(10);
/// So much of a dead server's log is shown in the error that reports its death.
const LOG_TAIL_LINES: usize = 20;

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

/// A server that may or may not be running just now.
#[derive(Debug)]
pub(crate) struct Daemon {
    settings: DaemonSettings,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    pid: Pid,
    /// Present when it is our own child, which we then have to reap.
    child: Option<Child>,
    /// Present when it must not outlive us; dropping it stops the server.
    watchdog: Option<Watchdog>,
}

impl Daemon {
    pub(crate) fn new(settings: DaemonSettings) -> Self {
        let mut daemon = Self {
            settings,
            running: None,
        };
        daemon.adopt();
        daemon
    }

    /// Takes over a server that an earlier process left running.
    fn adopt(&mut self) {
        let recorded = fs::read_to_string(self.pid_file()).ok();
        let pid = recorded
            .and_then(|text| text.trim().parse().ok())
            .and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|pid| table::runs(*pid, &self.settings.marker)) {
            self.running = Some(Running {
                pid,
                child: None,
                watchdog: None,
            });
        }
    }

    /// Its process id, while it runs.
    pub(crate) fn pid(&mut self) -> Option<u32> {
        if !self.is_running() {
            return None;
        }
        self.running
            .as_ref()
            .and_then(|running| running.pid.as_raw_nonzero().get().try_into().ok())
    }

    pub(crate) fn is_running(&mut self) -> bool {
        let Some(running) = &mut self.running else {
            return false;
        };
        let alive = match &mut running.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => table::runs(running.pid, &self.settings.marker),
        };
        if !alive {
            self.forget();
        }
        alive
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.settings.folder.join("log")
    }

    fn pid_file(&self) -> PathBuf {
        self.settings.folder.join("pid")
    }

    /// Starts the server by its command, whose output goes to the log.
    pub(crate) fn spawn(&mut self, command: &mut Command) -> Result<()> {
        let name = self.settings.name;
        let log_file = self.log_file();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_file)
            .with_context(|| format!("opening {name}'s log {}", log_file.display()))?;
        let log_too = log
            .try_clone()
            .with_context(|| format!("sharing {name}'s log"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .spawn()
            .with_context(|| format!("starting {name} by {}", command.get_program().display()))?;
        let pid = Pid::from_child(&child);
        let watchdog = match self.settings.lifetime {
            Lifetime::Lasting => None,
            Lifetime::Guarded => Some(Watchdog::over(
                pid,
                &self.settings.marker,
                self.settings.stop_signal,
                self.settings.temporary_folder.as_deref(),
            )?),
        };
        self.running = Some(Running {
            pid,
            child: Some(child),
            watchdog,
        });
        let pid_file = self.pid_file();
        fs::write(&pid_file, format!("{}\n", pid.as_raw_nonzero()))
            .with_context(|| format!("writing {}", pid_file.display()))
    }

    /// Waits until `answers` says yes. A server that ends before is an error with its last words.
    pub(crate) async fn until_ready(&mut self, answers: impl AsyncFn() -> bool) -> Result<()> {
        let deadline = Instant::now() + self.settings.ready_max;
        loop {
            if answers().await {
                return Ok(());
            }
            let name = self.settings.name;
            if !self.is_running() {
                bail!(
                    "{name} ended while starting; its log says:\n{}",
                    self.log_tail()
                );
            }
            if Instant::now() > deadline {
                let log = self.log_tail();
                self.kill().await?;
                let waited = self.settings.ready_max;
                bail!("{name} gave no answer within {waited:?}; its log says:\n{log}");
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Stops it in good order, or by force when it takes too long. Stopping twice is fine.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        if !self.is_running() {
            return Ok(());
        }
        // A paused process would only find the signal after it was resumed.
        self.resume()?;
        self.signal(self.settings.stop_signal)?;
        if self.gone_within(self.settings.stop_max).await {
            return Ok(());
        }
        self.kill().await
    }

    /// Ends it at once, as a power cut would: nothing is written, nobody is told.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        if !self.is_running() {
            return Ok(());
        }
        let family = self.family();
        for pid in &family {
            send(*pid, Signal::KILL)?;
        }
        let deadline = Instant::now() + KILL_MAX;
        let ours = self.gone_within(KILL_MAX).await;
        while family.iter().skip(1).any(|pid| table::is_alive(*pid)) && Instant::now() < deadline {
            tokio::time::sleep(POLL_EVERY).await;
        }
        if !ours {
            bail!(
                "{} did not end within {KILL_MAX:?} of SIGKILL",
                self.settings.name
            );
        }
        Ok(())
    }

    /// Freezes it: connections stay open and nothing answers.
    pub(crate) fn pause(&mut self) -> Result<()> {
        if !self.is_running() {
            bail!(
                "{} is not running, so it cannot be paused",
                self.settings.name
            );
        }
        self.signal(Signal::STOP)?;
        // The parent is frozen by now, so no child comes after this look.
        self.family()
            .into_iter()
            .skip(1)
            .try_for_each(|pid| send(pid, Signal::STOP))
    }

    /// Lets a paused server go on.
    pub(crate) fn resume(&mut self) -> Result<()> {
        self.family()
            .into_iter()
            .rev()
            .try_for_each(|pid| send(pid, Signal::CONT))
    }

    /// Whether this process started it, rather than found it running.
    fn is_ours(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| running.child.is_some())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        match &self.running {
            Some(running) => send(running.pid, signal),
            None => Ok(()),
        }
    }

    /// The server and its children, itself first.
    fn family(&self) -> Vec<Pid> {
        let Some(running) = &self.running else {
            return Vec::new();
        };
        let mut family = vec![running.pid];
        family.extend(table::children(running.pid));
        family
    }

    async fn gone_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_running() {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
        true
    }

    fn forget(&mut self) {
        if let Some(Running {
            watchdog: Some(watchdog),
            ..
        }) = self.running.take()
        {
            watchdog.dismiss();
        }
        // A pid file that stays is harmless: whoever reads it looks at the process itself.
        fs::remove_file(self.pid_file()).ok();
    }

    fn log_tail(&self) -> String {
        let text = fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.settings.lifetime == Lifetime::Lasting || !self.is_running() || !self.is_ours() {
            return;
        }
        // An owner that drops a running server wants it away now; a destructor cannot wait politely.
        for pid in self.family() {
            send(pid, Signal::KILL).ok();
        }
        if let Some(Running {
            child: Some(child), ..
        }) = &mut self.running
        {
            child.wait().ok();
        }
        self.forget();
    }
}

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
