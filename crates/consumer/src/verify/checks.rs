//! Each due check of each website and location against the rows that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use database::{Database, DatabaseError, Statement};
use jiff::Timestamp;

use super::{
    days::{Place, add_up, days, read, runs},
    neighbours::{Side, neighbours},
    seen::{Finding, Seen, judge, last},
};

const WEBSITES: Statement = Statement::new("reading websites", "SELECT id, url FROM websites");
/// What the checks of a period came to.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// All rows of the period.
    pub(super) rows: i64,
    /// Those that do not say what was due.
    pub(super) rows_without_interval: i64,
    /// Websites, each at each of its locations, that have rows.
    pub(super) places: usize,
    /// Those that left the list, as their last record says: nothing is due of them.
    pub(super) retired: usize,
    /// What is unaccounted for.
    pub(super) unaccounted: Vec<Unaccounted>,
}

/// Checks of a website at a location that are unaccounted for.
#[derive(Debug)]
pub(super) struct Unaccounted {
    pub(super) url: String,
    pub(super) location: String,
    pub(super) finding: Finding,
}

/// Compares the checks that were due in a period with the rows.
pub(super) async fn prove(
    database: &Database,
    period: &Range<Timestamp>,
) -> Result<Checks, DatabaseError> {
    let urls = read_websites(database).await?;
    let mut checks = Checks::default();
    let mut rows: BTreeMap<Place, Vec<Seen>> = BTreeMap::new();
    for day in days(period) {
        let sums = add_up(database, &day).await?;
        checks.rows += sums.rows;
        checks.rows_without_interval += sums.rows_without_interval;
        for (place, mut sums) in sums.sums {
            let url = urls.get(&place.0).map_or("", String::as_str);
            let seen = match runs(url, &mut sums) {
                Some(runs) => runs,
                None => read(database, &place, &day).await?,
            };
            rows.entry(place).or_default().extend(seen);
        }
    }
    checks.places = rows.len();
    let ids = || urls.keys().copied();
    let before = neighbours(database, Side::Before, period.start, ids()).await?;
    let behind = neighbours(database, Side::Behind, period.end, ids()).await?;
    // Nothing was due where there is no row within the period nor before it.
    let places: BTreeSet<Place> = rows.keys().chain(before.keys()).cloned().collect();
    for place in places {
        let url = urls.get(&place.0).map_or("", String::as_str);
        let within = rows.remove(&place).unwrap_or_default();
        let (before, behind) = (before.get(&place).copied(), behind.get(&place).copied());
        let is_retired = last(&within, before).is_some_and(|last| last.is_last);
        checks.retired += usize::from(is_retired && behind.is_none());
        for finding in judge(url, period, &within, before, behind) {
            checks.unaccounted.push(Unaccounted {
                url: url.to_owned(),
                location: place.1.clone(),
                finding,
            });
        }
    }
    Ok(checks)
}

async fn read_websites(database: &Database) -> Result<BTreeMap<i64, String>, DatabaseError> {
    let rows = database
        .attempt(async |client| WEBSITES.query(client, &[]).await)
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
