//! Reads and writes how locations see websites: the table `states`, and the newest rows beside it.

use std::{collections::HashMap, time::SystemTime};

use database::{DatabaseError, Parameters, Statement, system_time};
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::standing::{Incident, Standing, noted_until};
use crate::incidents::{LOCATION_CHARS_MAX, Location, interval};

const SELECT: Statement = Statement::new(
    "reading states",
    "SELECT website_id, location, is_down, since, against, against_since, newest_at, \
    \"interval\", last_good_at FROM states WHERE website_id = ANY($1)",
);
const SELECT_OPEN: Statement = Statement::new(
    "reading open incidents",
    "SELECT website_id, id, started_at FROM incidents \
    WHERE website_id = ANY($1) AND closed_at IS NULL",
);
const UPSERT: Statement = Statement::new(
    "storing states",
    "INSERT INTO states (website_id, location, is_down, since, against, against_since, newest_at, \
    \"interval\", last_good_at) SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[], \
    $4::timestamptz[], $5::integer[], $6::timestamptz[], $7::timestamptz[], $8::float8[], \
    $9::timestamptz[]) ON CONFLICT (website_id, location) DO UPDATE SET \
    is_down = excluded.is_down, since = excluded.since, against = excluded.against, \
    against_since = excluded.against_since, newest_at = excluded.newest_at, \
    \"interval\" = excluded.\"interval\", last_good_at = excluded.last_good_at, updated_at = now()",
);

/// A location's state in the table: of a website, by its name.
type Key = (i64, Box<str>);

/// Reads how websites stand, as of what others committed: rows that this transaction stored do not
/// count yet.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    websites: &[i64],
) -> Result<HashMap<i64, Standing>, DatabaseError> {
    let mut standings: HashMap<i64, Standing> = HashMap::new();
    let mut states: HashMap<Key, Location> = HashMap::new();
    for row in &SELECT.query(transaction, &[&websites]).await? {
        if let Some(((website, name), state)) = state(row) {
            let until = noted_until(state.newest_at, state.interval);
            let standing = standings.entry(website).or_default();
            standing.noted_until.insert(name.clone(), until);
            states.insert((website, name), state);
        }
    }
    go_on(transaction, &mut states).await?;
    for ((website, name), location) in states {
        let standing = standings.entry(website).or_default();
        standing.website.locations.insert(name, location);
    }
    for row in SELECT_OPEN.query(transaction, &[&websites]).await? {
        let standing = standings.entry(row.get(0)).or_default();
        standing.incident = Some(Incident::Stored(row.get(1)));
        standing.website.down_since = time(row.get(2));
    }
    Ok(standings)
}

/// Writes these locations' states, sorted, and notes that they are written.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    states: &[(i64, &str, &Location)],
) -> Result<(), DatabaseError> {
    if states.is_empty() {
        return Ok(());
    }
    let websites: Vec<i64> = states.iter().map(|state| state.0).collect();
    let names: Vec<&str> = states.iter().map(|state| state.1).collect();
    let locations = || states.iter().map(|state| state.2);
    let are_down: Vec<bool> = locations().map(|it| it.is_down).collect();
    let since: Vec<SystemTime> = locations().map(|it| system_time(it.since)).collect();
    let against: Vec<i32> = locations()
        .map(|it| i32::try_from(it.against).unwrap_or(i32::MAX))
        .collect();
    let against_since: Vec<Option<SystemTime>> = locations()
        .map(|it| it.against_since.map(system_time))
        .collect();
    let newest: Vec<SystemTime> = locations().map(|it| system_time(it.newest_at)).collect();
    let intervals: Vec<f64> = locations().map(|it| it.interval.as_secs_f64()).collect();
    let good: Vec<Option<SystemTime>> = locations()
        .map(|it| it.last_good_at.map(system_time))
        .collect();
    let parameters: &Parameters<'_> = &[
        &websites,
        &names,
        &are_down,
        &since,
        &against,
        &against_since,
        &newest,
        &intervals,
        &good,
    ];
    UPSERT.execute(transaction, parameters).await?;
    Ok(())
}

/// A row of `states`; its times are our own, so they can be read.
fn state(row: &Row) -> Option<(Key, Location)> {
    let against: i32 = row.get(4);
    let location = Location {
        is_down: row.get(2),
        since: time(row.get(3))?,
        against: u32::try_from(against).unwrap_or_default(),
        against_since: row.get::<_, Option<SystemTime>>(5).and_then(time),
        newest_at: time(row.get(6))?,
        interval: interval(Some(row.get(7))),
        last_good_at: row.get::<_, Option<SystemTime>>(8).and_then(time),
    };
    let name: &str = row.get(1);
    Some(((row.get(0), name.into()), location))
}

/// Takes in what counted since a state was written, and said the same. The bounds stand in the text,
/// so that only the partitions between them are planned for and locked.
async fn go_on(
    transaction: &Transaction<'_>,
    states: &mut HashMap<Key, Location>,
) -> Result<(), DatabaseError> {
    let until = |it: &Location| noted_until(it.newest_at, it.interval);
    let from = states.values().map(|it| it.newest_at).min();
    let to = states.values().map(until).max();
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(());
    };
    let sql = format!(
        "SELECT state.website_id, state.location, newer.scheduled_at, newer.\"interval\" \
         FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[]) \
         AS state (website_id, location, newest_at, until) CROSS JOIN LATERAL ( \
         SELECT scheduled_at, \"interval\" FROM metrics \
         WHERE metrics.website_id = state.website_id \
         AND scheduled_at > state.newest_at AND scheduled_at <= state.until \
         AND scheduled_at BETWEEN '{from:.6}' AND '{to:.6}' \
         AND left(metrics.location, {LOCATION_CHARS_MAX}) = state.location \
         AND coalesce(outcome, 'up') IN ('up', 'down') \
         AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down' \
         AND metrics.xmin <> pg_current_xact_id()::xid \
         ORDER BY scheduled_at DESC LIMIT 1) AS newer"
    );
    let websites: Vec<i64> = states.keys().map(|key| key.0).collect();
    let names: Vec<&str> = states.keys().map(|key| &*key.1).collect();
    let newest: Vec<SystemTime> = states
        .values()
        .map(|it| system_time(it.newest_at))
        .collect();
    let untils: Vec<SystemTime> = states.values().map(|it| system_time(until(it))).collect();
    let parameters: &Parameters<'_> = &[&websites, &names, &newest, &untils];
    let statement = Statement::built("reading what followed on states", sql);
    for row in statement.query_once(transaction, parameters).await? {
        let name: &str = row.get(1);
        let state = states.get_mut(&(row.get(0), name.into()));
        let (Some(state), Some(newest_at)) = (state, time(row.get(2))) else {
            continue;
        };
        state.newest_at = newest_at;
        state.interval = interval(row.get::<_, Option<f32>>(3).map(f64::from));
        if !state.is_down {
            state.last_good_at = Some(newest_at);
        }
    }
    Ok(())
}

/// A time as the driver gives it.
fn time(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}
