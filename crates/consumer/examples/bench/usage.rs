//! What processes cost, by what Linux counts of them.

use std::{fs, time::Duration};

use anyhow::Context;

/// Linux counts processor time in hundredths of a second, whatever its clock does.
const TICK: Duration = Duration::from_millis(10);
/// The fields of `/proc/PID/stat` after the name, from `utime`: own user and system time, then that
/// of children which are gone.
const UTIME: usize = 11;

/// Processor time of a process.
pub(crate) fn of_process(pid: u32) -> anyhow::Result<Duration> {
    Ok(TICK * times(pid)?[..2].iter().sum())
}

/// Processor time of PostgreSQL.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Family {
    /// Of all its processes, also of those that are gone.
    pub(crate) all: Duration,
    /// Of those that write its log, its pages and its statistics, and vacuum: who pays for them is chance.
    pub(crate) helpers: Duration,
}

impl Family {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            all: self.all.saturating_sub(before.all),
            helpers: self.helpers.saturating_sub(before.helpers),
        }
    }
}

/// Processor time of a server by its first process and all the children of that.
pub(crate) fn of_family(pid: u32) -> anyhow::Result<Family> {
    let mut ticks: u32 = times(pid)?.iter().sum();
    let mut helpers = 0;
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    for child in children.split_whitespace() {
        // One that ended meanwhile is counted among those that are gone, the next time.
        let Ok(times) = times(child.parse()?) else {
            continue;
        };
        let own: u32 = times[..2].iter().sum();
        ticks += own;
        let title = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        // Connections say whose they are, and from where.
        if !title.contains('(') {
            helpers += own;
        }
    }
    Ok(Family {
        all: TICK * ticks,
        helpers: TICK * helpers,
    })
}

fn times(pid: u32) -> anyhow::Result<Vec<u32>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("a process has a name")?;
    let fields = fields.split(' ').skip(UTIME).take(4);
    Ok(fields.map(str::parse).collect::<Result<_, _>>()?)
}

/// MiB of memory: `VmHWM` the most that there was, `VmRSS` what there is.
pub(crate) fn memory(pid: u32, what: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(kib.context("a process has memory")?.parse::<u64>()? / 1024)
}
