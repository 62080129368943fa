//! A consumer as its user runs it: a process with an environment, a log and signals.

use std::{
    env,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use devstack::Watchdog;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

/// It promises to be out within 25 seconds; a machine that does much else is slower.
const EXIT_MAX: Duration = Duration::from_mins(1);
const EXIT_POLL: Duration = Duration::from_millis(20);

/// A consumer, running or not.
#[derive(Debug)]
pub(crate) struct Consumer {
    program: PathBuf,
    variables: Vec<(String, String)>,
    pub(crate) log: PathBuf,
    process: Option<(Child, Watchdog)>,
}

impl Consumer {
    /// One that does not run yet.
    pub(crate) fn new(
        program: &Path,
        folder: &Path,
        name: &str,
        variables: Vec<(String, String)>,
    ) -> Self {
        Self {
            program: program.to_owned(),
            variables,
            log: folder.join(format!("{name}.log")),
            process: None,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env_clear()
            // The second says where `make coverage` counts.
            .envs(
                ["PATH", "LLVM_PROFILE_FILE"]
                    .into_iter()
                    .filter_map(|name| Some((name, env::var_os(name)?))),
            )
            .envs(self.variables.iter().cloned())
            // No `.env` of a developer's gets in.
            .current_dir(self.log.parent().unwrap_or(Path::new("/")))
            .stdin(Stdio::null());
        command
    }

    fn open_log(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        options
            .open(&self.log)
            .with_context(|| format!("opening {}", self.log.display()))
    }

    pub(crate) fn start(&mut self) -> Result<()> {
        let log = self.open_log()?;
        let mut command = self.command(&[]);
        command.stdout(log.try_clone()?).stderr(log);
        let process = command.spawn();
        let process = process.with_context(|| format!("starting {}", self.program.display()))?;
        // It must not outlive us, however we end.
        let pid = Pid::from_child(&process);
        let watchdog = Watchdog::over(pid, &self.program, Signal::KILL, None)?;
        self.process = Some((process, watchdog));
        Ok(())
    }

    /// What one of its commands prints, and whether it exits with 0.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<(String, bool)> {
        let output = self.command(arguments).output()?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        Ok((format!("{out}{errors}"), output.status.success()))
    }

    /// Its exit status, if it ended and nobody told it to.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.process.as_mut()?.0.try_wait().ok()??;
        if let Some((_, watchdog)) = self.process.take() {
            watchdog.dismiss();
        }
        Some(status.to_string())
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let (process, _) = self.process.as_ref().context("the consumer does not run")?;
        kill_process(Pid::from_child(process), signal).context("signalling a consumer")
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some((mut process, watchdog)) = self.process.take() {
            process.kill()?;
            process.wait()?;
            watchdog.dismiss();
        }
        Ok(())
    }

    /// SIGTERM. To end in another way than by a clean exit is an error.
    pub(crate) async fn terminate(&mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let deadline = Instant::now() + EXIT_MAX;
        let Some((mut process, watchdog)) = self.process.take() else {
            return Ok(());
        };
        while Instant::now() < deadline {
            let Some(status) = process.try_wait()? else {
                sleep(EXIT_POLL).await;
                continue;
            };
            watchdog.dismiss();
            ensure!(
                status.success(),
                "a consumer that was told to stop ended with {status}"
            );
            return Ok(());
        }
        process.kill()?;
        process.wait()?;
        watchdog.dismiss();
        bail!(
            "a consumer was still there {} s after SIGTERM",
            EXIT_MAX.as_secs()
        );
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Nobody is left to whom an error could be told.
        self.kill().ok();
    }
}
