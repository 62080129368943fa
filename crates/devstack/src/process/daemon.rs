//! One server process: found again by its pid file, signalled, waited for, and never left behind by
//! accident.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

use super::log;
use super::session::send;
use super::settings::{DaemonSettings, Lifetime};
use super::table;
use super::watchdog::Watchdog;
use crate::poll::{POLL_EVERY, holds_within};

/// A process that was sent SIGKILL is gone within this time, or the kernel is in trouble.
const KILL_MAX: Duration = Duration::from_secs(10);

/// A server that may or may not be running just now.
#[derive(Debug)]
pub struct Daemon {
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
        let (output, errors) = log::open(&self.log_file())
            .with_context(|| format!("opening {name}'s log {}", self.log_file().display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
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
                    log::tail(&self.log_file())
                );
            }
            if Instant::now() > deadline {
                let log = log::tail(&self.log_file());
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
        if !self.gone_within(KILL_MAX).await {
            bail!(
                "{} did not end within {KILL_MAX:?} of SIGKILL",
                self.settings.name
            );
        }
        // A child that lingers holds nobody up: the next start waits for its port.
        let children_gone = || !family.iter().skip(1).any(|pid| table::is_alive(*pid));
        holds_within(KILL_MAX, children_gone).await;
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
        holds_within(limit, || !self.is_running()).await
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
