//! `consumer verify`: proves that nothing is lost, or says exactly what is unaccounted for.
//!
//! - `seen`: which checks are due between rows, by the rows' own intervals.
//! - `days`: the rows of a period, added up by the server; only days that do not add up are read row
//!   by row.
//! - `neighbours`: the rows next to the period.
//! - `checks`: each due check of each website and location against these.
//! - `account`: what the offsets of each partition became.
//! - `accounted`: the outcome for the status page, of the last day. `period`: how long that is.
//! - `report`: the outcome, for a person and as JSON.

mod account;
mod accounted;
mod checks;
mod days;
mod neighbours;
mod period;
mod report;
mod seen;

use std::{
    io::{self, Write},
    ops::Range,
};

use anyhow::{anyhow, bail};
use database::Database;
use jiff::{Timestamp, Unit};
use service::command_line::BadInput;

pub(crate) use self::accounted::last_day;
use self::{
    checks::Wanted,
    period::{PERIOD, UNDER_WAY},
    report::Report,
};
use crate::settings::MigrateSettings;

/// What is to be proved.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// From when on checks were due.
    pub since: Option<Timestamp>,
    /// Until when; a check that was due then is not looked for.
    pub until: Option<Timestamp>,
    /// Print JSON.
    pub json: bool,
}

impl VerifyOptions {
    fn period(self, now: Timestamp) -> Result<Range<Timestamp>, BadInput> {
        // A whole second, which is easier to read, and to ask for once more.
        let until = self
            .until
            .unwrap_or_else(|| now.round(Unit::Second).unwrap_or(now) - UNDER_WAY);
        let since = self.since.unwrap_or(until - PERIOD);
        if since < until {
            Ok(since..until)
        } else {
            let message = format!("the period from {since} until {until} has no time in it");
            Err(BadInput::new(message))
        }
    }
}

/// Prints what was found. It is an error when anything is unaccounted for.
pub async fn verify(settings: MigrateSettings, options: VerifyOptions) -> anyhow::Result<()> {
    let period = options.period(Timestamp::now())?;
    let database = Database::new(&settings.database)?;
    let report = prove(&database, period).await?;
    let mut out = io::stdout().lock();
    if options.json {
        writeln!(out, "{}", report.json())?;
    } else {
        write!(out, "{report}")?;
    }
    out.flush()?;
    match report.unaccounted() {
        (0, 0) => Ok(()),
        (checks, offsets) => bail!("unaccounted for: {checks} checks, {offsets} offsets"),
    }
}

async fn prove(database: &Database, period: Range<Timestamp>) -> anyhow::Result<Report> {
    let explain = |error| anyhow!("{}", database.explain(&error));
    let wanted = Wanted {
        period,
        tags: None,
        findings_max: usize::MAX,
    };
    Ok(Report {
        checks: checks::prove(database, &wanted).await.map_err(explain)?,
        partitions: account::read(database).await.map_err(explain)?,
        period: wanted.period,
    })
}

#[cfg(test)]
mod tests;
