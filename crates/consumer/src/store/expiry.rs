//! What is kept no longer is removed, in short steps: whoever stores or reads is not held up by it.

use database::{Database, DatabaseError, Parameters, Statement, begin, commit, system_time};
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;

use super::offsets::OffsetKey;

/// Rows that one step removes.
const STEP_ROWS: i64 = 1000;
/// Steps of one round: what is left, the next one removes.
const STEPS_MAX: u64 = 100;
/// Groups that nobody has read for so long are not coming back.
const SILENT_DAYS: i32 = 365;

/// Dropping and removing lock against all or against writers, and everybody queues behind a lock that
/// is waited for: so it is hardly waited for.
const LOCK_BRIEFLY: Statement = Statement::new(
    "waiting to remove what is kept no longer",
    "SET LOCAL lock_timeout = '200ms'",
);
/// Bounds as PostgreSQL spells them, in the session's own words, which it also reads.
const EXPIRED: Statement = Statement::new(
    "looking for days that are kept no longer",
    r"SELECT quote_ident(nspname) || '.' || quote_ident(relname),
        coalesce(since, '-infinity')::text, until::text FROM (
        SELECT nspname, relname,
            substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'FROM \(''([^'']*)''\) TO ')::timestamptz
            AS since,
            substring(pg_get_expr(relpartbound, pg_class.oid) FROM ' TO \(''([^'']*)''\)$')::timestamptz
            AS until
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE inhparent = 'metrics'::regclass AND relkind = 'r') AS partitions
    WHERE until <= $1 ORDER BY until",
);
/// Nobody stores rows meanwhile: whose marks are not seen then, has stored none.
const LOCK_ALL: Statement = Statement::new(
    "waiting to drop a day",
    "LOCK TABLE ONLY metrics IN ACCESS EXCLUSIVE MODE",
);
const UNCOUNTED: Statement = Statement::new(
    "looking for hours that are to be counted",
    "SELECT EXISTS (SELECT FROM dirty_hours WHERE hour < $2::text::timestamptz \
    AND hour > $1::text::timestamptz - interval '1 hour')",
);
/// Where the rows begin that are there: no partition is older. NULL where that is not known.
const OLDEST: &str = r"(
    SELECT CASE WHEN bool_and(since IS NOT NULL) THEN min(since) END FROM (
        SELECT substring(pg_get_expr(relpartbound, pg_class.oid) FROM 'FROM \(''([^'']*)''\) TO ')::timestamptz
            AS since
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'metrics'::regclass) AS partitions)";
/// While nobody else stores rows: whoever was at it is done, and its partition is there.
const LOCK_ROWS: Statement = Statement::new(
    "waiting to remove certificates",
    "LOCK TABLE ONLY metrics IN SHARE MODE",
);
/// The oldest few, of which those go that are past their time: no step looks at more.
const LETTERS: Statement = Statement::new(
    "removing dead letters that are kept no longer",
    "DELETE FROM dead_letters WHERE created_at < now() - $1::integer * interval '1 day' \
    AND id IN (SELECT id FROM dead_letters ORDER BY id LIMIT $2)",
);
/// Of some websites, by their key. What is still to be put together to a day stays until then.
const HOURS: Statement = Statement::new(
    "removing roll-ups of hours that are kept no longer",
    "WITH sites AS (SELECT id FROM websites WHERE id > $1 ORDER BY id LIMIT $2), \
    gone AS (DELETE FROM hours USING sites WHERE website_id = sites.id \
        AND hour < date_trunc('day', now(), 'UTC') - $3::integer * interval '1 day' \
        AND (hour AT TIME ZONE 'UTC')::date NOT IN (SELECT day FROM dirty_days) RETURNING 1) \
    SELECT (SELECT max(id) FROM sites), (SELECT count(*) FROM gone)",
);
/// Websites whose hours one step looks at.
const STEP_WEBSITES: i64 = 100;
const OFFSETS: Statement = Statement::new(
    "removing offsets of groups long silent",
    "WITH silent AS ( \
        SELECT consumer_group, topic FROM offsets WHERE (consumer_group, topic) <> ($1, $2) \
        GROUP BY consumer_group, topic \
        HAVING max(updated_at) < now() - $3::integer * interval '1 day' \
    ), unread AS ( \
        DELETE FROM readings USING silent \
        WHERE readings.consumer_group = silent.consumer_group AND readings.topic = silent.topic \
    ), gone AS ( \
        DELETE FROM offsets USING silent \
        WHERE offsets.consumer_group = silent.consumer_group AND offsets.topic = silent.topic RETURNING 1 \
    ) SELECT count(*) FROM gone",
);

/// A partition all of whose rows are kept no longer.
#[derive(Debug)]
pub(crate) struct ExpiredPartition {
    /// Ready for a statement.
    pub(crate) name: String,
    /// Its bounds, as the server spells them.
    since: String,
    until: String,
}

/// The partitions all of whose rows were due before that time, oldest first.
pub(crate) async fn expired_partitions(
    database: &Database,
    kept_since: Timestamp,
) -> Result<Vec<ExpiredPartition>, DatabaseError> {
    database
        .attempt(async |client| {
            let rows = EXPIRED.query(client, &[&system_time(kept_since)]).await?;
            let partitions = rows.iter().map(|row| ExpiredPartition {
                name: row.get(0),
                since: row.get(1),
                until: row.get(2),
            });
            Ok(partitions.collect())
        })
        .await
}

/// Drops a partition with its rows, or fails within a moment where somebody reads the table. `false`:
/// it stays, until its hours are counted.
pub(crate) async fn drop_partition(
    database: &Database,
    partition: &ExpiredPartition,
) -> Result<bool, DatabaseError> {
    const DROPPING: &str = "dropping a day that is kept no longer";
    let ExpiredPartition { name, since, until } = partition;
    database
        .attempt(async |client| {
            // Without a lock first, so that nobody is held up while there is nothing to do.
            if is_uncounted(client, since, until).await? {
                return Ok(false);
            }
            let transaction = begin(client).await?;
            LOCK_BRIEFLY.run(&transaction).await?;
            LOCK_ALL.run(&transaction).await?;
            if is_uncounted(&transaction, since, until).await? {
                return Ok(false);
            }
            // Another consumer may have been faster.
            let sql = format!("DROP TABLE IF EXISTS {name}");
            Statement::built(DROPPING, sql).run(&transaction).await?;
            commit(transaction, DROPPING).await?;
            Ok(true)
        })
        .await
}

async fn is_uncounted(
    client: &impl GenericClient,
    since: &str,
    until: &str,
) -> Result<bool, DatabaseError> {
    let row = UNCOUNTED.query_one(client, &[&since, &until]).await?;
    Ok(row.get(0))
}

/// Removes certificates that no row names, and says how many.
pub(crate) async fn remove_certificates(database: &Database) -> Result<u64, DatabaseError> {
    let look = format!("SELECT EXISTS (SELECT FROM certificates WHERE named_until <= {OLDEST})");
    let look = Statement::built("looking for certificates that no row names", look);
    database
        .attempt(async |client| {
            // Without a lock first: mostly there is nothing to do.
            if !look.query_one(client, &[]).await?.get::<_, bool>(0) {
                return Ok(0);
            }
            let transaction = begin(client).await?;
            LOCK_BRIEFLY.run(&transaction).await?;
            LOCK_ROWS.run(&transaction).await?;
            let removed = remove_unnamed(&transaction).await?;
            commit(transaction, "committing removed certificates").await?;
            Ok(removed)
        })
        .await
}

async fn remove_unnamed(transaction: &Transaction<'_>) -> Result<u64, DatabaseError> {
    let sql = format!(
        "DELETE FROM certificates WHERE id IN ( \
            SELECT id FROM certificates WHERE named_until <= {OLDEST} ORDER BY id LIMIT $1)"
    );
    let remove = Statement::built("removing certificates that no row names", sql);
    remove.execute(transaction, &[&STEP_ROWS]).await
}

/// Removes dead letters older than so many days (0: none), and says how many.
pub(crate) async fn remove_letters(database: &Database, days: u16) -> Result<u64, DatabaseError> {
    let mut removed = 0;
    if days == 0 {
        return Ok(removed);
    }
    for _ in 0..STEPS_MAX {
        let step = database.attempt(async |client| {
            LETTERS
                .execute(client, &[&i32::from(days), &STEP_ROWS])
                .await
        });
        let step = step.await?;
        removed += step;
        if step == 0 {
            break;
        }
    }
    Ok(removed)
}

/// Removes roll-ups of hours older than so many days (0: none), and says how many. The days that they came to
/// stay.
pub(crate) async fn remove_hours(database: &Database, days: u16) -> Result<u64, DatabaseError> {
    let mut removed = 0;
    let mut last = (days > 0).then_some(0);
    // Each step begins behind the website that the one before ended with.
    while let Some(website) = last {
        let parameters: &Parameters<'_> = &[&website, &STEP_WEBSITES, &i32::from(days)];
        let step = database.attempt(async |client| HOURS.query_one(client, parameters).await);
        let row = step.await?;
        last = row.get::<_, Option<i64>>(0);
        removed += u64::try_from(row.get::<_, i64>(1)).unwrap_or(0);
    }
    Ok(removed)
}

/// Removes the offsets of other groups and topics of which nothing was read for a year, and says how
/// many.
pub(crate) async fn remove_offsets(
    database: &Database,
    ours: &OffsetKey,
) -> Result<u64, DatabaseError> {
    let parameters: &Parameters<'_> = &[&ours.group, &ours.topic, &SILENT_DAYS];
    let removed = database.attempt(async |client| OFFSETS.query_one(client, parameters).await);
    let count: i64 = removed.await?.get(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Removes spans of maintenance in which no rows are any more, and says how many.
pub(crate) async fn remove_spans(database: &Database) -> Result<u64, DatabaseError> {
    let sql = format!(
        "DELETE FROM maintenance_spans WHERE (website_id, starts_at, ends_at) IN ( \
            SELECT website_id, starts_at, ends_at FROM maintenance_spans \
            WHERE ends_at <= {OLDEST} ORDER BY ends_at LIMIT $1)"
    );
    let remove = Statement::built("removing maintenance of days that are gone", sql);
    database
        .attempt(async |client| remove.execute(client, &[&STEP_ROWS]).await)
        .await
}
