//! A monitor with its settings, targets and log.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use crate::watched::Watched;

/// From one check of a target to the next where a pace is kept: so often that a few thousand
/// targets come to a thousand checks a second.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);

/// How often its log is read for what it is to say, and for how long at most.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_mins(5);

/// A running monitor.
pub(crate) struct Monitor {
    pub(crate) process: Watched,
    folder: TempDir,
}

/// What it is started with.
pub(crate) struct MonitorSettings<'a> {
    pub(crate) bootstrap: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) ca_file: &'a Path,
    /// The targets file's text, CSV.
    pub(crate) targets: &'a str,
    pub(crate) interval: Duration,
    /// What it is to find as `/etc/resolv.conf`, where that is not the machine's own.
    pub(crate) resolv_conf: Option<&'a Path>,
}

/// Runs a program that finds a file of ours in the place of `/etc/resolv.conf`; the machine keeps its
/// own. Needs root.
const WITH_RESOLV_CONF: &str = r#"mount --bind "$0" /etc/resolv.conf && exec "$1""#;

impl Monitor {
    /// Starts it.
    pub(crate) fn start(settings: &MonitorSettings<'_>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let path = |name: &str| folder.path().join(name);
        fs::write(path("targets.csv"), settings.targets)?;
        let log = fs::File::create(path("log"))?;
        let program = program()?;
        let mut command = match settings.resolv_conf {
            None => Command::new(&program),
            Some(file) => {
                let mut command = Command::new("/usr/bin/unshare");
                command.args(["--mount", "/bin/sh", "-c", WITH_RESOLV_CONF]);
                command.arg(file).arg(&program);
                command
            }
        };
        command
            .env_clear()
            .current_dir(folder.path())
            .env("BOOTSTRAP_SERVERS", settings.bootstrap)
            .env("SECURITY_PROTOCOL", "PLAINTEXT")
            .env("TOPIC_NAME", settings.topic)
            .env("URLS_FILE", path("targets.csv"))
            .env("STATE_DIR", path("state"))
            .env("SSL_CERT_FILE", settings.ca_file)
            .env("HTTP_LISTEN", "127.0.0.1:0")
            .env("PROBES_PER_HOST_MAX", "1000")
            .env(
                "WEBSITES_CHECK_INTERVAL",
                settings.interval.as_secs().to_string(),
            )
            .stdout(Stdio::null())
            .stderr(log);
        let process = Watched::start(&mut command, &program)?;
        Ok(Self { process, folder })
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("log"))?)
    }

    /// Waits until it has said that.
    pub(crate) async fn until_said(&self, words: &str) -> Result<()> {
        let began = Instant::now();
        while !self.log()?.contains(words) {
            ensure!(
                began.elapsed() < PATIENCE,
                "never said {words:?}:\n{}",
                self.log()?
            );
            sleep(LOOK_INTERVAL).await;
        }
        Ok(())
    }

    /// Gives it other targets, and says so.
    pub(crate) fn change_targets(&self, targets: &str) -> Result<()> {
        fs::write(self.folder.path().join("targets.csv"), targets)?;
        self.signal(Signal::HUP)
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        let status = self.process.child.wait().await?;
        ensure!(
            status.success(),
            "the monitor ended badly:\n{}",
            self.log()?
        );
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.process.id())?;
        let id = Pid::from_raw(id).context("no process")?;
        kill_process(id, signal).context("sending a signal")
    }
}

/// The one that was built beside this program.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent);
    let program = folder.context("no folder")?.join("monitor");
    ensure!(
        program.exists(),
        "{}: `make build` first",
        program.display()
    );
    Ok(program)
}
