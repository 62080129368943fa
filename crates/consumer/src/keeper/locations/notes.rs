//! Writes when locations were heard, and up to when partitions were read, as this consumer knows it.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::GenericClient;

use crate::{heard::Sighting, store::OffsetKey};

/// The shortest interval is kept while a website of it is heard: one that is removed leaves it to the others.
const HEARD: Statement = Statement::new(
    "noting when locations were heard",
    "INSERT INTO locations AS known (location, heard_at, \"interval\", interval_heard_at) \
    SELECT location, at, seconds, at FROM unnest($1::text[], $2::timestamptz[], $3::float8[]) \
    AS newer (location, at, seconds) ORDER BY location \
    ON CONFLICT (location) DO UPDATE SET heard_at = greatest(known.heard_at, excluded.heard_at), \
    \"interval\" = CASE WHEN known.\"interval\" < excluded.\"interval\" AND excluded.heard_at \
        <= known.interval_heard_at + (3 * known.\"interval\" + 60) * interval '1 second' \
        THEN known.\"interval\" ELSE excluded.\"interval\" END, \
    interval_heard_at = CASE WHEN known.\"interval\" < excluded.\"interval\" AND excluded.heard_at \
        <= known.interval_heard_at + (3 * known.\"interval\" + 60) * interval '1 second' \
        THEN known.interval_heard_at ELSE greatest(known.interval_heard_at, excluded.heard_at) END",
);
/// A partition that nobody has read for a while is read anew from now on.
const READ: Statement = Statement::new(
    "noting up to when partitions were read",
    "INSERT INTO readings AS known (consumer_group, topic, partition, since, until) \
    SELECT $1, $2, partition, now(), least(until, now()) \
    FROM unnest($3::integer[], $4::timestamptz[]) AS newer (partition, until) ORDER BY partition \
    ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET \
    since = CASE WHEN known.until < now() - $5 * interval '1 second' \
        AND known.until < excluded.until - $5 * interval '1 second' THEN now() ELSE known.since END, \
    until = greatest(known.until, excluded.until)",
);
/// So long nobody may have noted that a partition is read: another consumer has to take it over.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Writes what was heard.
pub(super) async fn heard(
    client: &impl GenericClient,
    sightings: &BTreeMap<Box<str>, Sighting>,
) -> Result<(), DatabaseError> {
    if sightings.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = sightings.keys().map(|name| &**name).collect();
    let times: Vec<SystemTime> = sightings.values().map(|it| system_time(it.at_ms)).collect();
    let intervals: Vec<f64> = sightings.values().map(|it| it.interval).collect();
    let parameters: &Parameters<'_> = &[&names, &times, &intervals];
    HEARD.execute(client, parameters).await?;
    Ok(())
}

/// Writes up to when partitions were read.
pub(super) async fn read(
    client: &impl GenericClient,
    key: &OffsetKey,
    until: &[(i32, i64)],
) -> Result<(), DatabaseError> {
    if until.is_empty() {
        return Ok(());
    }
    let partitions: Vec<i32> = until.iter().map(|it| it.0).collect();
    let times: Vec<SystemTime> = until.iter().map(|it| system_time(it.1)).collect();
    let pause = PAUSE_MAX.as_secs_f64();
    let parameters: &Parameters<'_> = &[&key.group, &key.topic, &partitions, &times, &pause];
    READ.execute(client, parameters).await?;
    Ok(())
}

/// A time in milliseconds since 1970. One before that is of no clock that goes.
fn system_time(ms: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    SystemTime::UNIX_EPOCH + since
}
