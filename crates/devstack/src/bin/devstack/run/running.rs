//! A service beside us: how it is started, heard and told to end.

use std::process::{ExitStatus, Stdio};

use anyhow::{Context, Result};
use devstack::{Watchdog, in_new_session, send};
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::terminal;
use crate::service::Service;

/// A service that runs beside us, its log labelled.
pub(crate) struct RunningService {
    pub(crate) service: Service,
    child: Child,
    pid: Pid,
    logs: JoinSet<()>,
    watchdog: Option<Watchdog>,
}

impl RunningService {
    /// Starts it in a session of its own, so that Ctrl-C reaches it only by us and in our order.
    pub(crate) fn start(service: Service, environment: &[(&str, String)]) -> Result<Self> {
        let name = service.name();
        let program = service.program()?;
        let mut command = Command::from(in_new_session(&program));
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        if terminal::shows_colours() {
            // Its log goes to our pipe, and from there to a person.
            command.env(terminal::COLOURS_WANTED, "1");
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let pid = child
            .id()
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        let pid = pid.with_context(|| format!("asking for {name}'s process id"))?;
        let mut logs = JoinSet::new();
        if let Some(output) = child.stdout.take() {
            logs.spawn(label_lines(service, output));
        }
        if let Some(output) = child.stderr.take() {
            logs.spawn(label_lines(service, output));
        }
        let watchdog = Some(Watchdog::over(pid, &program, Signal::TERM, None)?);
        Ok(Self {
            service,
            child,
            pid,
            logs,
            watchdog,
        })
    }

    /// Waits for its end and for its last words. May be dropped and asked again.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus> {
        let status = self.child.wait().await;
        let status = status.with_context(|| format!("waiting for {}", self.service.name()))?;
        while self.logs.join_next().await.is_some() {}
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
        Ok(status)
    }

    /// Sends it a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        // The id is gone once the end was waited for; then the number may be somebody else's.
        if self.child.id().is_none() {
            return Ok(());
        }
        send(self.pid, signal)
    }
}

async fn label_lines(service: Service, output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    // An unreadable pipe is one whose other end is gone.
    while output
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|bytes| bytes > 0)
    {
        terminal::labelled(service, &String::from_utf8_lossy(&line));
        line.clear();
    }
}
