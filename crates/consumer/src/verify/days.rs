//! The rows of a period, added up by the server: a day of a website at a location is one row of an
//! answer, not thousands.

use std::{collections::BTreeMap, ops::Range, time::SystemTime};

use ::status::Outcomes;
use database::{Database, DatabaseError, Statement, system_time};
use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;
use tokio_postgres::Row;

use super::seen::{Seen, between, interval};

/// What is added up at once: partitions have a day each.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What the check sum multiplies. A sum over ten thousand million rows fits.
const SUM_PRIMES: (i64, i64) = (1_000_003, 991);

const SUMS: Statement = Statement::new(
    "adding up the rows of a day",
    "SELECT website_id, location, \"interval\", count(*), min(scheduled_at), max(scheduled_at), \
    sum((micros % 1000003) * (micros % 991))::bigint, \
    coalesce(bool_or(failure_reason = 'target_removed'), false), \
    count(*) FILTER (WHERE outcome = 'up'), count(*) FILTER (WHERE outcome = 'down'), \
    count(*) FILTER (WHERE outcome = 'missed'), count(*) FILTER (WHERE outcome = 'skipped') \
    FROM (SELECT website_id, location, \"interval\", scheduled_at, failure_reason, outcome, \
        (date_part('epoch', scheduled_at) * 1e6)::bigint AS micros \
        FROM metrics WHERE scheduled_at >= $1 AND scheduled_at < $2) AS due \
    GROUP BY website_id, location, \"interval\"",
);
const TIMES: Statement = Statement::new(
    "reading the rows of a day that does not add up",
    "SELECT scheduled_at, \"interval\", coalesce(failure_reason = 'target_removed', false) \
    FROM metrics WHERE website_id = $1 AND location = $2 AND scheduled_at >= $3 \
    AND scheduled_at < $4 AND \"interval\" >= 0.001 ORDER BY scheduled_at",
);

/// A website at a location.
pub(super) type Place = (i64, String);

/// Rows of a website at a location that have the same interval, within a day.
#[derive(Debug)]
pub(super) struct Sum {
    interval: f32,
    pub(super) count: i64,
    first: Timestamp,
    last: Timestamp,
    digest: i64,
    has_last: bool,
    pub(super) outcomes: Outcomes,
}

/// The rows of a day.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) sums: BTreeMap<Place, Vec<Sum>>,
    /// All rows.
    pub(super) rows: i64,
    /// Those that do not say what was due: the original's.
    pub(super) rows_without_interval: i64,
}

/// The days of a period, the first and the last cut at its ends.
pub(super) fn days(period: &Range<Timestamp>) -> impl Iterator<Item = Range<Timestamp>> {
    let mut start = period.start;
    let until = period.end;
    std::iter::from_fn(move || {
        let begun = start.as_second().div_euclid(DAY.as_secs()) * DAY.as_secs();
        let next = Timestamp::from_second(begun + DAY.as_secs()).unwrap_or(until);
        let day = (start < until).then(|| start..next.min(until))?;
        start = day.end;
        Some(day)
    })
}

/// Adds up a day.
pub(super) async fn add_up(
    database: &Database,
    day: &Range<Timestamp>,
) -> Result<Day, DatabaseError> {
    let (from, to) = (system_time(day.start), system_time(day.end));
    let rows = database
        .attempt(async |client| SUMS.query(client, &[&from, &to]).await)
        .await?;
    let mut day = Day::default();
    for row in &rows {
        let count: i64 = row.get(3);
        day.rows += count;
        // A check that is due more than a thousand times a second is nobody's.
        let Some(interval) = row.get::<_, Option<f32>>(2).filter(|it| *it >= 0.001) else {
            day.rows_without_interval += count;
            continue;
        };
        let sums = day.sums.entry((row.get(0), row.get(1))).or_default();
        sums.push(Sum {
            interval,
            count,
            first: time(row, 4),
            last: time(row, 5),
            digest: row.get(6),
            has_last: row.get(7),
            outcomes: Outcomes {
                up: row.get(8),
                down: row.get(9),
                missed: row.get(10),
                skipped: row.get(11),
            },
        });
    }
    Ok(day)
}

/// The ends of the runs of rows that a day consists of, where it adds up to whole ones.
pub(super) fn runs(url: &str, sums: &mut [Sum]) -> Option<Vec<Seen>> {
    sums.sort_by_key(|sum| sum.first);
    let is_apart = sums.windows(2).all(|pair| pair[0].last < pair[1].first);
    if !is_apart || !sums.iter().all(|sum| sum.is_whole(url)) {
        return None;
    }
    let mut seen = Vec::new();
    for sum in sums {
        let first = Seen {
            due: sum.first,
            interval: interval(sum.interval),
            is_last: false,
            ends_run: false,
        };
        seen.push(first);
        if sum.last > sum.first {
            seen.push(Seen {
                due: sum.last,
                ends_run: true,
                ..first
            });
        }
    }
    Some(seen)
}

impl Sum {
    /// Whether its rows are the checks that are due from the first to the last, each once.
    fn is_whole(&self, url: &str) -> bool {
        let interval = interval(self.interval);
        let tick = SignedDuration::from_micros(1);
        let due = between(url, interval, self.first - tick, self.last + tick);
        let is_all = due.is_some_and(|due| {
            (due.first, due.last, due.checks) == (self.first, self.last, self.count)
        });
        is_all && !self.has_last && {
            let times = DueTimes::new(url, interval).within(self.first..self.last + tick);
            let terms = times.map(|due| {
                let micros = due.as_microsecond();
                (micros % SUM_PRIMES.0) * (micros % SUM_PRIMES.1)
            });
            terms.sum::<i64>() == self.digest
        }
    }
}

/// The rows of a day, one by one.
pub(super) async fn read(
    database: &Database,
    (website_id, location): &Place,
    day: &Range<Timestamp>,
) -> Result<Vec<Seen>, DatabaseError> {
    let (from, to) = (system_time(day.start), system_time(day.end));
    let rows = database
        .attempt(async |client| {
            TIMES
                .query(client, &[website_id, location, &from, &to])
                .await
        })
        .await?;
    Ok(rows.iter().map(|row| seen(row, 0)).collect())
}

/// A row whose due time, interval and end of a target stand in the columns from `column` on.
pub(super) fn seen(row: &Row, column: usize) -> Seen {
    Seen {
        due: time(row, column),
        interval: interval(row.get(column + 1)),
        is_last: row.get(column + 2),
        ends_run: false,
    }
}

fn time(row: &Row, column: usize) -> Timestamp {
    // The table's partitions lie within what both clocks hold.
    Timestamp::try_from(row.get::<_, SystemTime>(column)).unwrap_or_default()
}
