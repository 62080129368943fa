//! A process whose time and memory are read from `/proc`.

use std::{fs, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result};
use devstack::Watchdog;
use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

/// Of `/proc/PID/stat`, on every Linux.
const TICKS_A_SECOND: u64 = 100;
/// Fields of it after the program's name, which may hold spaces.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// A process that ends with this, and with this program, however that ends.
pub(crate) struct Watched {
    pub(crate) child: Child,
    id: u32,
    watchdog: Option<Watchdog>,
}

impl Watched {
    /// Starts it. The program's path stands in its command line, and tells it from others.
    pub(crate) fn start(command: &mut Command, program: &Path) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting a process")?;
        let id = child.id().context("the process has ended")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("no process")?;
        let watchdog = Some(Watchdog::over(pid, program, Signal::KILL, None)?);
        Ok(Self {
            child,
            id,
            watchdog,
        })
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// What it used of all cores so far.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let text = self.read("stat")?;
        let (_, fields) = text.rsplit_once(')').context("an odd stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[USER_TICKS].parse::<u64>()? + fields[SYSTEM_TICKS].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 1000 / TICKS_A_SECOND))
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn memory_max_mib(&self) -> Result<f64> {
        let kib: f64 = field(&self.read("status")?, "VmHWM:")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// How often its threads fell asleep so far, of those that there are.
    pub(crate) fn sleeps(&self) -> Result<u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id))?;
        let sleeps = tasks.map(|task| -> Result<u64> {
            // A thread may have ended since.
            let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
            let sleeps = field(&status, "voluntary_ctxt_switches:");
            Ok(sleeps.map_or(Ok(0), str::parse)?)
        });
        sleeps.sum()
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.id);
        fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
    }
}

/// The first word behind a name, in a file of such lines.
fn field<'a>(text: &'a str, name: &str) -> Result<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next())
        .with_context(|| format!("no {name}"))
}
