//! What `monitor targets` prints.

use std::{
    io::{self, Write},
    time::Duration,
};

use jiff::Timestamp;
use messages::DueTimes;
use service::command_line::BadInput;

use crate::{
    clock::now,
    schedule::{Entry, Schedule},
    targets::{Targets, TargetsSettings},
};

/// Prints what would be checked and when, and every bad row. A bad row is an error.
pub fn print_targets(settings: &TargetsSettings) -> anyhow::Result<()> {
    let targets = Targets::read(settings)?;
    let mut out = io::stdout().lock();
    print_usable(&mut out, &targets, settings.interval, now())?;
    let file = settings.file.display();
    for warning in &targets.warnings {
        writeln!(out, "{file}: {warning}")?;
    }
    for bad in &targets.bad_rows {
        writeln!(out, "{file}:{bad}")?;
    }
    out.flush()?;
    targets.require_usable(&settings.file)?;
    match targets.bad_rows.len() {
        0 => Ok(()),
        1 => Err(BadInput::new(format!("{file}: 1 row cannot be used")).into()),
        bad => Err(BadInput::new(format!("{file}: {bad} rows cannot be used")).into()),
    }
}

/// A line for each target, in the order in which they are due next.
fn print_usable(
    out: &mut impl Write,
    targets: &Targets,
    interval: Duration,
    now: Timestamp,
) -> io::Result<()> {
    let mut schedule = Schedule::new(&Entry::every(interval, &targets.usable), now);
    // The slots under way are past; each target's next one is what is asked for.
    while schedule.pop(now).is_some() {}
    let end = now + interval;
    while let Some(due) = schedule.pop(end) {
        let target = due.target;
        let offset = DueTimes::new(&target.url, interval).offset().as_secs_f64();
        let interval = interval.as_secs_f64();
        write!(
            out,
            "{:.3}  then every {interval} s (offset {offset:.6} s)  {}",
            due.scheduled_at,
            target.shown()
        )?;
        match target.regexp() {
            "" => writeln!(out)?,
            regexp => writeln!(out, "  {regexp}")?,
        }
    }
    Ok(())
}
