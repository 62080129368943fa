//! The marks of an hour or a day: taken, and what is not got to marked again.

use std::{collections::BTreeSet, time::SystemTime};

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

const TAKE_HOUR: Statement = Statement::new(
    "taking the marks of an hour",
    "DELETE FROM dirty_hours WHERE hour = $1 RETURNING website_ids",
);
const TAKE_DAY: Statement = Statement::new(
    "taking the marks of a day",
    "DELETE FROM dirty_days WHERE day = $1::text::date RETURNING website_ids",
);
const EVERYBODY: Statement = Statement::new("listing websites", "SELECT id FROM websites");
/// What was old enough stays so.
const LEAVE_HOUR: Statement = Statement::new(
    "marking the rest of an hour",
    "INSERT INTO dirty_hours (hour, website_ids, created_at) VALUES ($1, $2, '-infinity')",
);
const LEAVE_DAY: Statement = Statement::new(
    "marking the rest of a day",
    "INSERT INTO dirty_days (day, website_ids, created_at) VALUES ($1::text::date, $2, '-infinity')",
);

/// Whose counts are due, in order: at most so many now, and who is left.
pub(super) struct Taken {
    pub(super) now: Vec<i64>,
    pub(super) rest: Vec<i64>,
}

/// Takes the marks of an hour. Whoever stores rows of it from now on makes a mark that stays.
pub(super) async fn take_hour(
    transaction: &Transaction<'_>,
    hour: SystemTime,
    websites_max: usize,
) -> Result<Taken, DatabaseError> {
    let mut websites = BTreeSet::new();
    let mut has_all = false;
    for row in TAKE_HOUR.query(transaction, &[&hour]).await? {
        match row.get::<_, Option<Vec<i64>>>(0) {
            Some(ids) => websites.extend(ids),
            None => has_all = true,
        }
    }
    if has_all {
        let all = EVERYBODY.query(transaction, &[]).await?;
        websites.extend(all.iter().map(|row| row.get::<_, i64>(0)));
    }
    let taken = Taken::of(websites, websites_max);
    if !taken.rest.is_empty() {
        LEAVE_HOUR
            .execute(transaction, &[&hour, &taken.rest])
            .await?;
    }
    Ok(taken)
}

/// Takes the marks of a day.
pub(super) async fn take_day(
    transaction: &Transaction<'_>,
    day: &str,
    websites_max: usize,
) -> Result<Taken, DatabaseError> {
    let rows = TAKE_DAY.query(transaction, &[&day]).await?;
    let websites = rows.iter().flat_map(|row| row.get::<_, Vec<i64>>(0));
    let taken = Taken::of(websites.collect(), websites_max);
    if !taken.rest.is_empty() {
        LEAVE_DAY.execute(transaction, &[&day, &taken.rest]).await?;
    }
    Ok(taken)
}

impl Taken {
    fn of(websites: BTreeSet<i64>, websites_max: usize) -> Self {
        let mut now: Vec<i64> = websites.into_iter().collect();
        let rest = now.split_off(websites_max.min(now.len()));
        Self { now, rest }
    }
}
