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

/// Processor time of a process and all its children, also of those that are gone.
pub(crate) fn of_family(pid: u32) -> anyhow::Result<Duration> {
    let mut ticks: u32 = times(pid)?.iter().sum();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    for child in children.split_whitespace() {
        // One that ended meanwhile is counted among those that are gone, the next time.
        if let Ok(times) = times(child.parse()?) {
            ticks += times[..2].iter().sum::<u32>();
        }
    }
    Ok(TICK * ticks)
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
