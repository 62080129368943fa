//! The outcome, for a person and as JSON.

use std::{
    fmt::{self, Display, Formatter},
    ops::Range,
};

use jiff::Timestamp;
use messages::Masked;
use serde_json::{Value, json};

use super::{
    account::Partition,
    checks::{Checks, Unaccounted},
    seen::Wrong,
};
use crate::fates::FATES;

/// What was found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) period: Range<Timestamp>,
    pub(super) checks: Checks,
    pub(super) partitions: Vec<Partition>,
}

impl Wrong {
    fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Silent => "silent",
            Self::Repeated => "repeated",
            Self::NotDue => "not_due",
        }
    }
}

impl Report {
    /// How many checks and offsets are unaccounted for.
    pub(super) fn unaccounted(&self) -> (i64, i64) {
        let partitions = self.partitions.iter();
        (
            self.checks.unaccounted,
            partitions.map(|it| it.unaccounted().abs()).sum(),
        )
    }

    /// As one object.
    pub(super) fn json(&self) -> Value {
        let (checks, offsets) = self.unaccounted();
        json!({
            "since": self.period.start,
            "until": self.period.end,
            "rows": self.checks.rows,
            "rows_without_interval": self.checks.rows_without_interval,
            "places": self.checks.places,
            "retired": self.checks.retired,
            "checks": self.checks.first.iter().map(check_json).collect::<Vec<_>>(),
            "partitions": self.partitions.iter().map(partition_json).collect::<Vec<_>>(),
            "unaccounted_checks": checks,
            "unaccounted_offsets": offsets,
        })
    }
}

fn check_json(it: &Unaccounted) -> Value {
    json!({
        "url": Masked(&it.url).to_string(),
        "location": it.location,
        "what": it.finding.wrong.as_str(),
        "first": it.finding.first,
        "last": it.finding.last,
        "checks": it.finding.checks,
    })
}

fn partition_json(partition: &Partition) -> Value {
    let fates = FATES.iter();
    let counts: serde_json::Map<_, _> = fates
        .map(|fate| ((*fate).to_owned(), partition.number(fate).into()))
        .collect();
    json!({
        "consumer_group": partition.text("consumer_group"),
        "topic": partition.text("topic"),
        "partition": partition.number("partition"),
        "read": partition.read(),
        "counts": counts,
        "unaccounted": partition.unaccounted(),
    })
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Range { start, end } = &self.period;
        let Checks {
            rows,
            rows_without_interval,
            places,
            retired,
            first,
            ..
        } = &self.checks;
        writeln!(out, "Checks due from {start} until {end}:")?;
        writeln!(out, "  {rows} rows; websites at locations: {places}")?;
        if *retired > 0 {
            writeln!(out, "  {retired} left the targets: nothing is due of them")?;
        }
        if *rows_without_interval > 0 {
            writeln!(
                out,
                "  {rows_without_interval} rows without interval (the original's): no due checks"
            )?;
        }
        for it in first {
            writeln!(out, "  {it}")?;
        }
        writeln!(out, "Offsets:")?;
        for partition in &self.partitions {
            writeln!(out, "  {partition}")?;
        }
        match self.unaccounted() {
            (0, 0) => writeln!(out, "Everything is accounted for."),
            (checks, offsets) => {
                writeln!(out, "Unaccounted for: {checks} checks, {offsets} offsets.")
            }
        }
    }
}

impl Display for Unaccounted {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (url, location) = (Masked(&self.url), &self.location);
        let finding = self.finding;
        let (first, last) = (finding.first, finding.last);
        write!(out, "{url} at {location:?}\n    ")?;
        match finding.wrong {
            Wrong::Missing if first == last => write!(out, "no row of the check due {first}"),
            Wrong::Missing => {
                let checks = finding.checks;
                write!(out, "no row of {checks} checks due {first} to {last}")
            }
            Wrong::Silent => {
                let checks = finding.checks;
                write!(
                    out,
                    "silent: no row of {checks} checks due {first} to {last}"
                )
            }
            Wrong::Repeated => write!(out, "more than one row of the check due {first}"),
            Wrong::NotDue => write!(out, "a row of {first}, when no check was due"),
        }
    }
}

impl Display for Partition {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (group, topic) = (self.text("consumer_group"), self.text("topic"));
        let (partition, read) = (self.number("partition"), self.read());
        write!(out, "{topic} {partition} ({group})\n    {read} read")?;
        let fates = FATES.iter().map(|fate| (fate, self.number(fate)));
        for (fate, count) in fates.filter(|(_, count)| *count != 0) {
            write!(out, ", {count} {}", fate.replace('_', " "))?;
        }
        match self.unaccounted() {
            0 => Ok(()),
            unaccounted => write!(out, "; UNACCOUNTED FOR: {unaccounted}"),
        }
    }
}
