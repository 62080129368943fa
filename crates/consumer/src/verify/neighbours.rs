//! The rows next to a period, before and behind it: they tell what was due at its edges, and who was
//! silent in all of it.
//!
//! No index knows locations. So rows of the day next to the period are added up, as those of its own
//! days are; of a website that has none in it, the nearest few are looked for by the index.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use database::{Database, DatabaseError, Statement, system_time};
use jiff::{SignedDuration, Timestamp};

use super::{
    days::{Place, seen},
    seen::Seen,
};

/// Whoever has been silent at one location for so long, and was heard at another, is not expected
/// there any more.
const NEAR: SignedDuration = SignedDuration::from_hours(24);
/// Whoever has been silent everywhere for so long is not expected at all. Each day that is looked at
/// is locked, and a server has some thousand locks.
const FAR: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How many websites are looked for at once: a silent one costs a look into each day.
const WEBSITES_AT_ONCE: usize = 100;

/// On which side of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    Behind,
}

impl Side {
    fn reach(self, border: Timestamp, distance: SignedDuration) -> Range<Timestamp> {
        match self {
            Self::Before => border.saturating_sub(distance).unwrap_or(border)..border,
            Self::Behind => border..border.saturating_add(distance).unwrap_or(border),
        }
    }

    /// The nearest rows of a day, of each website at each location.
    fn near(self) -> Statement {
        let nearest = match self {
            Self::Before => "max",
            Self::Behind => "min",
        };
        let sql = format!(
            "SELECT website_id, location, {nearest}(scheduled_at), \"interval\", is_last FROM \
            (SELECT website_id, location, scheduled_at, \"interval\", \
                coalesce(failure_reason = 'target_removed', false) AS is_last FROM metrics \
                WHERE scheduled_at >= $1 AND scheduled_at < $2 AND \"interval\" >= 0.001) AS row \
            GROUP BY website_id, location, \"interval\", is_last"
        );
        Statement::built("reading the rows of the day next to the period", sql)
    }

    /// The nearest rows of some websites, of all their locations together. Those that say nothing of
    /// what was due are left out afterwards: it may be all that there are.
    fn far(self) -> Statement {
        let order = match self {
            Self::Before => "DESC",
            Self::Behind => "ASC",
        };
        let sql = format!(
            "SELECT website.id, location, scheduled_at, \"interval\", is_last \
            FROM unnest($3::bigint[]) AS website (id) \
            CROSS JOIN LATERAL (SELECT location, scheduled_at, \"interval\", \
                coalesce(failure_reason = 'target_removed', false) AS is_last FROM metrics \
                WHERE website_id = website.id AND scheduled_at >= $1 AND scheduled_at < $2 \
                ORDER BY scheduled_at {order} LIMIT 100) AS row \
            WHERE \"interval\" >= 0.001"
        );
        Statement::built("reading the nearest rows of silent websites", sql)
    }

    fn is_nearer(self, one: Timestamp, other: Timestamp) -> bool {
        match self {
            Self::Before => one > other,
            Self::Behind => one < other,
        }
    }
}

/// The row next to a border, of each website at each location that has one.
pub(super) async fn neighbours(
    database: &Database,
    side: Side,
    border: Timestamp,
    websites: impl Iterator<Item = i64>,
) -> Result<BTreeMap<Place, Seen>, DatabaseError> {
    let mut nearest = BTreeMap::new();
    let mut keep = |place: Place, row: Seen| {
        let known = nearest.entry(place).or_insert(row);
        if side.is_nearer(row.due, known.due) {
            *known = row;
        }
    };
    let (near, reach) = (side.near(), side.reach(border, NEAR));
    let (from, to) = (system_time(reach.start), system_time(reach.end));
    let rows = database
        .attempt(async |client| near.query(client, &[&from, &to]).await)
        .await?;
    let mut heard = BTreeSet::new();
    for row in rows {
        let website: i64 = row.get(0);
        heard.insert(website);
        keep((website, row.get(1)), seen(&row, 2));
    }
    let (far, reach) = (side.far(), side.reach(border, FAR));
    let (from, to) = (system_time(reach.start), system_time(reach.end));
    let silent: Vec<i64> = websites.filter(|it| !heard.contains(it)).collect();
    for some in silent.chunks(WEBSITES_AT_ONCE) {
        let rows = database
            .attempt(async |client| far.query(client, &[&from, &to, &some]).await)
            .await?;
        for row in rows {
            keep((row.get(0), row.get(1)), seen(&row, 2));
        }
    }
    Ok(nearest)
}
