//! The partitions of `metrics`, one a day (UTC): made ahead, and on demand for older records.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, PoisonError},
};

use database::{DatabaseError, Partition, Statement, begin, commit};
use deadpool_postgres::{Object, Transaction};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use tokio_postgres::error::SqlState;
use tracing::info;

const DAY_SECONDS: i64 = 86_400;
/// Days that are remembered as made, at most: 60 years.
const DAYS_KNOWN_MAX: usize = 22_000;
/// Days made ahead of today. A record may be due a day ahead of now.
const DAYS_AHEAD: i64 = 2;
/// Names tried for a day's table. A taken one is somebody's detached partition, which is his.
const NAMES_MAX: u32 = 9;
/// The lock under which partitions are made, so that two consumers do not make the same one. Any
/// number will do that nobody else uses: `wm_days` in ASCII.
const LOCK_KEY: i64 = 0x0077_6d5f_6461_7973;
/// What is being done when one is made.
const MAKING: &str = "making a day's partition";

/// Attaching locks `websites` (for the foreign key) against writers, and everybody queues behind a
/// lock that is waited for: so it is not waited for long.
const LOCK_BRIEFLY: Statement = Statement::new(
    "waiting to make a day's partition",
    "SET LOCAL lock_timeout = '500ms'",
);
const LOCK: Statement = Statement::new(
    "waiting to make a day's partition",
    "SELECT pg_advisory_xact_lock($1)",
);
/// What stands under a day's name: nothing, a partition of `metrics`, or a table of somebody's.
const FIND: Statement = Statement::new(
    "looking for a day's partition",
    "SELECT quote_ident(nspname), \
    to_regclass(quote_ident(nspname) || '.' || quote_ident($1)) IS NOT NULL, \
    EXISTS (SELECT FROM pg_inherits WHERE inhparent = parent.oid \
    AND inhrelid = to_regclass(quote_ident(nspname) || '.' || quote_ident($1))) \
    FROM pg_class AS parent JOIN pg_namespace ON pg_namespace.oid = relnamespace \
    WHERE parent.oid = 'metrics'::regclass",
);

/// The days whose partitions are there.
#[derive(Debug, Default)]
pub(super) struct Days {
    known: Mutex<HashSet<Date>>,
}

/// The day (UTC) of a due time.
pub(super) fn of(time: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(time).date()
}

/// The days of due times. Neighbours are nearly always of one day, which is then made out once.
pub(super) fn of_all(times: impl Iterator<Item = Timestamp>) -> Vec<Date> {
    let mut days = Vec::new();
    let mut last = None;
    for time in times {
        let day = time.as_second().div_euclid(DAY_SECONDS);
        if last != Some(day) {
            last = Some(day);
            days.push(of(time));
        }
    }
    days
}

/// Today and the days after it that need a partition.
pub(super) fn ahead(now: Timestamp) -> Vec<Date> {
    let today = of(now);
    (0..=DAYS_AHEAD)
        .filter_map(|days| today.checked_add(days.days()).ok())
        .collect()
}

impl Days {
    /// Makes the partitions that are missing, in a short transaction of their own.
    pub(super) async fn ensure(
        &self,
        client: &mut Object,
        days: &[Date],
    ) -> Result<(), DatabaseError> {
        let unknown = self.unknown(days);
        if unknown.is_empty() {
            return Ok(());
        }
        // Together: each time that partitions are attached, every plan that meets them is void.
        if !make(client, &unknown).await? {
            for day in &unknown {
                make(client, std::slice::from_ref(day)).await?;
            }
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DAYS_KNOWN_MAX {
            known.clear();
        }
        known.extend(unknown);
        Ok(())
    }

    /// Forgets all: somebody dropped one.
    pub(super) fn forget(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
    }

    fn unknown(&self, days: &[Date]) -> Vec<Date> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown: BTreeSet<_> = days.iter().filter(|day| !known.contains(day)).collect();
        unknown.into_iter().copied().collect()
    }
}

/// Makes the partitions that are missing of these days. `false`: one of them is covered by a
/// partition of another name, of a month perhaps, and none was made.
async fn make(client: &mut Object, days: &[Date]) -> Result<bool, DatabaseError> {
    let transaction = begin(client).await?;
    lock(&transaction).await?;
    let mut made = Vec::new();
    for &day in days {
        let (Some((schema, name)), Ok(next)) =
            (free_name(&transaction, day).await?, day.tomorrow())
        else {
            continue;
        };
        let (from, to) = (day.to_string(), next.to_string());
        let partition = Partition {
            schema: &schema,
            name: &name,
            from: &from,
            to: &to,
        };
        match partition.making().run(&transaction).await {
            Ok(()) => made.push(day.to_string()),
            Err(error) if error.code() == Some(&SqlState::INVALID_OBJECT_DEFINITION) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    commit(transaction, MAKING).await?;
    if !made.is_empty() {
        info!("Made the partitions of {}", made.join(", "));
    }
    Ok(true)
}

async fn lock(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    LOCK_BRIEFLY.run(transaction).await?;
    LOCK.execute(transaction, &[&LOCK_KEY]).await?;
    Ok(())
}

/// The schema, and a name that is free in it. `None`: the day has its partition.
async fn free_name(
    transaction: &Transaction<'_>,
    day: Date,
) -> Result<Option<(String, String)>, DatabaseError> {
    let first = format!("metrics_{}", day.strftime("%Y%m%d"));
    let more = (2..=NAMES_MAX).map(|number| format!("{first}_{number}"));
    for name in std::iter::once(first.clone()).chain(more) {
        let row = FIND.query_one(transaction, &[&name]).await?;
        let (schema, taken, attached): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
        if attached {
            return Ok(None);
        }
        if !taken {
            return Ok(Some((schema, name)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_utc() {
        let time = "2026-11-25T23:59:59.999999Z".parse().unwrap();
        assert_eq!(of(time), jiff::civil::date(2026, 11, 25));
        let ahead = ahead(time);
        assert_eq!(ahead.len(), 3);
        assert_eq!(ahead[2], jiff::civil::date(2026, 11, 27));
    }

    #[test]
    fn the_days_of_many_times_are_each_times_day() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let times = [
            time("2026-11-25T00:00:00Z"),
            time("2026-11-25T23:59:59.999999Z"),
            time("2026-11-26T00:00:00Z"),
            time("1969-12-31T23:59:59Z"),
            time("1970-01-01T00:00:00Z"),
            time("2026-11-25T12:00:00Z"),
        ];
        let all: BTreeSet<_> = times.iter().map(|time| of(*time)).collect();
        let days = of_all(times.into_iter());
        assert_eq!(days.len(), 5, "neighbours of one day are one");
        assert_eq!(days.into_iter().collect::<BTreeSet<_>>(), all);
    }
}
