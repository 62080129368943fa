//! Each due check of each website and location against the rows that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use database::{Database, DatabaseError, Statement, system_time};
use jiff::Timestamp;

use super::{
    days::{Place, add_up, days, read, runs, seen},
    seen::{Finding, Seen, judge, last},
};

const WEBSITES: Statement = Statement::new("reading websites", "SELECT id, url FROM websites");
/// Where results came from lately: in the day before the period, and where each website was last seen,
/// so that it is missed, too, when none came from anywhere. A location of longer ago was given up.
const LOCATIONS: Statement = Statement::new(
    "reading locations",
    "SELECT location FROM metrics WHERE scheduled_at >= $1::timestamptz - interval '1 day' \
        AND scheduled_at < $1 AND \"interval\" >= 0.001 \
    UNION SELECT location FROM websites CROSS JOIN LATERAL (SELECT location, \"interval\" FROM metrics \
        WHERE website_id = websites.id AND scheduled_at < $1 ORDER BY scheduled_at DESC LIMIT 1) AS row \
        WHERE \"interval\" >= 0.001",
);
const BEFORE: Statement = Statement::new(
    "reading the last rows before the period",
    "SELECT place.website_id, place.location, scheduled_at, \"interval\", is_last \
    FROM unnest($1::bigint[], $2::text[]) AS place (website_id, location) \
    CROSS JOIN LATERAL (SELECT scheduled_at, \"interval\", \
        coalesce(failure_reason = 'target_removed', false) AS is_last FROM metrics \
        WHERE metrics.website_id = place.website_id AND metrics.location = place.location \
        AND scheduled_at < $3 AND \"interval\" >= 0.001 ORDER BY scheduled_at DESC LIMIT 1) AS row",
);
const BEHIND: Statement = Statement::new(
    "reading the first rows behind the period",
    "SELECT place.website_id, place.location, scheduled_at, \"interval\", is_last \
    FROM unnest($1::bigint[], $2::text[]) AS place (website_id, location) \
    CROSS JOIN LATERAL (SELECT scheduled_at, \"interval\", \
        coalesce(failure_reason = 'target_removed', false) AS is_last FROM metrics \
        WHERE metrics.website_id = place.website_id AND metrics.location = place.location \
        AND scheduled_at >= $3 AND \"interval\" >= 0.001 ORDER BY scheduled_at LIMIT 1) AS row",
);

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
    let mut locations = read_locations(database, period.start).await?;
    locations.extend(rows.keys().map(|(_, location)| location.clone()));
    let places = places(&urls, &locations);
    let before = neighbours(database, &BEFORE, &places, period.start).await?;
    let behind = neighbours(database, &BEHIND, &places, period.end).await?;
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

/// Websites at locations of which rows may be expected: each website at each location.
fn places(urls: &BTreeMap<i64, String>, locations: &BTreeSet<String>) -> Vec<Place> {
    let ids = urls.keys();
    ids.flat_map(|id| locations.iter().map(|it| (*id, it.clone())))
        .collect()
}

async fn read_locations(
    database: &Database,
    before: Timestamp,
) -> Result<BTreeSet<String>, DatabaseError> {
    let before = system_time(before);
    let rows = database
        .attempt(async |client| LOCATIONS.query(client, &[&before]).await)
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn read_websites(database: &Database) -> Result<BTreeMap<i64, String>, DatabaseError> {
    let rows = database
        .attempt(async |client| WEBSITES.query(client, &[]).await)
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn neighbours(
    database: &Database,
    statement: &Statement,
    places: &[Place],
    border: Timestamp,
) -> Result<BTreeMap<Place, Seen>, DatabaseError> {
    let (ids, locations): (Vec<i64>, Vec<&str>) = places
        .iter()
        .map(|(id, location)| (*id, location.as_str()))
        .unzip();
    let border = system_time(border);
    let rows = database
        .attempt(async |client| statement.query(client, &[&ids, &locations, &border]).await)
        .await?;
    let neighbours = rows
        .iter()
        .map(|row| ((row.get(0), row.get(1)), seen(row, 2)));
    Ok(neighbours.collect())
}
