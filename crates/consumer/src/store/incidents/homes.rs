//! Whose batches alone write a website's states: those of one partition. The stored offset's row,
//! which each batch locks, is then the lock on the states of all websites that are at home there.

use std::collections::BTreeMap;

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::{Object, Transaction};

use crate::store::offsets::OffsetKey;

/// Moves after which a website has no home: its records come through several partitions at a time.
const MOVES_MAX: i32 = 3;
/// Looks at homes that others move meanwhile.
const LOOKS_MAX: u32 = 5;

const SELECT: Statement = Statement::new(
    "looking up the homes of websites",
    "SELECT website_id, moves >= $5, consumer_group = $2 AND topic = $3 AND partition = $4 \
    FROM homes WHERE website_id = ANY($1)",
);
const INSERT: Statement = Statement::new(
    "giving websites a home",
    "INSERT INTO homes (website_id, consumer_group, topic, partition, moves) \
    SELECT website_id, $2, $3, $4, $5 FROM unnest($1::bigint[]) AS websites (website_id) \
    ON CONFLICT (website_id) DO NOTHING",
);
/// Moves websites here. Their old home is locked while its batch runs, and its owner told.
const MOVE: Statement = Statement::new(
    "moving websites to another home",
    "WITH strangers AS (SELECT website_id, consumer_group, topic, partition FROM homes \
    WHERE website_id = ANY($1) AND moves < $5 \
    AND (consumer_group, topic, partition) IS DISTINCT FROM ($2::text, $3::text, $4::integer) \
    ORDER BY website_id FOR NO KEY UPDATE), \
    told AS (UPDATE offsets SET states_version = states_version + 1 \
    FROM (SELECT DISTINCT consumer_group, topic, partition FROM strangers) AS old \
    WHERE (offsets.consumer_group, offsets.topic, offsets.partition) \
    = (old.consumer_group, old.topic, old.partition)) \
    UPDATE homes SET consumer_group = $2, topic = $3, partition = $4, moves = moves + 1 \
    FROM strangers WHERE homes.website_id = strangers.website_id",
);
/// Locks the states of websites from outside of their homes, and tells their owners.
const VISIT: Statement = Statement::new(
    "visiting the homes of websites",
    "WITH visited AS (SELECT consumer_group, topic, partition FROM homes \
    WHERE website_id = ANY($1) AND moves < $2 ORDER BY website_id FOR NO KEY UPDATE) \
    UPDATE offsets SET states_version = states_version + 1 \
    FROM (SELECT DISTINCT consumer_group, topic, partition FROM visited) AS home \
    WHERE (offsets.consumer_group, offsets.topic, offsets.partition) \
    = (home.consumer_group, home.topic, home.partition)",
);
const LOCK: Statement = Statement::new(
    "locking websites without a home",
    "SELECT FROM homes WHERE website_id = ANY($1) ORDER BY website_id FOR NO KEY UPDATE",
);

/// Finds out which of these websites (sorted) have their home in a partition, by their ids; the others
/// have none. Whoever has none yet gets it, and whoever has another moves, in a transaction of its own.
pub(super) async fn claim(
    client: &Object,
    key: &OffsetKey,
    partition: i32,
    websites: &[i64],
) -> Result<BTreeMap<i64, bool>, DatabaseError> {
    let OffsetKey { group, topic } = key;
    let mut found = BTreeMap::new();
    let mut open = websites.to_vec();
    for _ in 0..LOOKS_MAX {
        let parameters: &Parameters<'_> = &[&open, group, topic, &partition, &MOVES_MAX];
        let mut strangers = Vec::new();
        for row in SELECT.query(client, parameters).await? {
            let (website, is_homeless, is_ours) = (row.get::<_, i64>(0), row.get(1), row.get(2));
            match (is_homeless, is_ours) {
                (true, _) => found.insert(website, false),
                (false, true) => found.insert(website, true),
                (false, false) => {
                    strangers.push(website);
                    None
                }
            };
        }
        open.retain(|website| !found.contains_key(website));
        if open.is_empty() {
            return Ok(found);
        }
        if open.len() > strangers.len() {
            let parameters: &Parameters<'_> = &[&open, group, topic, &partition, &0_i32];
            INSERT.execute(client, parameters).await?;
        }
        if !strangers.is_empty() {
            strangers.sort_unstable();
            let parameters: &Parameters<'_> = &[&strangers, group, topic, &partition, &MOVES_MAX];
            MOVE.execute(client, parameters).await?;
        }
    }
    Err(DatabaseError::Stale("websites moved from home to home"))
}

/// Takes the part of the websites' owners until the transaction ends. To be done before anything is
/// stored, as they do; a website that nobody knew gets no home by this.
pub(super) async fn visit(
    transaction: &Transaction<'_>,
    websites: &[i64],
) -> Result<(), DatabaseError> {
    let nowhere: &Parameters<'_> = &[&websites, &"", &"", &-1_i32, &MOVES_MAX];
    INSERT.execute(transaction, nowhere).await?;
    VISIT.execute(transaction, &[&websites, &MOVES_MAX]).await?;
    Ok(())
}

/// Locks the states of websites (sorted) that have no home, until the transaction ends.
pub(super) async fn lock(
    transaction: &Transaction<'_>,
    websites: &[i64],
) -> Result<(), DatabaseError> {
    LOCK.query(transaction, &[&websites]).await?;
    Ok(())
}
