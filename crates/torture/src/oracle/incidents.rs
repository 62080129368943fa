//! Incidents and states: what the rows come to, in the order in which they were stored.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
};

use anyhow::Result;
use futures_util::TryStreamExt;
use tokio_postgres::{Client, Row, types::ToSql};
use uuid::Uuid;

use super::{
    expected::Expected,
    findings::Findings,
    recount::{Incident, Seen, State, Website},
};

/// The rows that may say something of their websites, as they were decided: by the time of their
/// transaction's COMMIT, since whoever decides waits for who decided before; and in each by the time
/// when they were due. With whether another transaction had begun when the one before was committed.
const ROWS: &str = "SELECT website_id, check_id, left(location, 200), \
    (extract(epoch FROM scheduled_at) * 1000000)::bigint, \"interval\"::float8, \
    coalesce(outcome = 'down', error_code NOT BETWEEN 100 AND 399), \
    (extract(epoch FROM pg_xact_commit_timestamp(metrics.xmin)) * 1000000)::bigint AS committed, \
    (extract(epoch FROM metrics.created_at) * 1000000)::bigint \
    FROM metrics JOIN websites ON websites.id = website_id \
    WHERE url <> '' AND (outcome IS NULL OR outcome IN ('up', 'down')) \
    AND overloaded IS NOT TRUE AND witness IS DISTINCT FROM 'down' \
    ORDER BY website_id, committed, scheduled_at, location COLLATE \"C\", check_id";
const INCIDENTS: &str = "SELECT website_id, id, opened_by, \
    (extract(epoch FROM started_at) * 1000000)::bigint, \
    (extract(epoch FROM last_good_at) * 1000000)::bigint, locations_down, locations_heard, closed_by, \
    (extract(epoch FROM ended_at) * 1000000)::bigint FROM incidents ORDER BY website_id, id";
const STATES: &str = "SELECT website_id, location, is_down, \
    (extract(epoch FROM since) * 1000000)::bigint, against, \
    (extract(epoch FROM against_since) * 1000000)::bigint, \
    (extract(epoch FROM newest_at) * 1000000)::bigint, \"interval\" FROM states";
/// Intervals by which a state's newest result may be ahead of what is written of it.
const AHEAD_INTERVALS_MAX: f64 = 60.0;
/// Of a result that names none, in seconds.
const INTERVAL: f64 = 60.0;

/// What the rows come to, by the ids of websites.
type Recounted = HashMap<i64, Website>;

/// Compares all of them. To be called while it is known which record each row is made of.
pub(super) async fn compare(
    client: &Client,
    expected: &Expected,
    findings: &mut Findings,
) -> Result<()> {
    let recounted = recount(client, expected, findings).await?;
    compare_incidents(client, &recounted, findings).await?;
    compare_states(client, &recounted, findings).await
}

async fn recount(
    client: &Client,
    expected: &Expected,
    findings: &mut Findings,
) -> Result<Recounted> {
    let mut websites = Recounted::new();
    let mut last: Option<(i64, i64)> = None;
    let none: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(ROWS, none).await?);
    while let Some(row) = rows.try_next().await? {
        let website: i64 = row.get(0);
        let seen = seen(&row, expected);
        let Some(committed) = row.get::<_, Option<i64>>(6) else {
            findings.add("a row of unknown age", seen.check.to_string());
            continue;
        };
        let before = last.replace((website, committed));
        if before
            .is_some_and(|it| it.0 == website && it.1 < committed && row.get::<_, i64>(7) < it.1)
        {
            findings.compared("results whose transaction met another one on their website");
        }
        findings.compared("results that count");
        websites.entry(website).or_default().see(&seen);
    }
    Ok(websites)
}

fn seen(row: &Row, expected: &Expected) -> Seen {
    let check: Uuid = row.get(1);
    let seconds: Option<f64> = row.get(4);
    let seconds = seconds.filter(|it| *it > 0.0).unwrap_or(INTERVAL);
    Seen {
        check,
        location: row.get(2),
        due: row.get(3),
        interval: (seconds * 1e9) as i64,
        failed: row.get(5),
        patience: expected.settings(check).patience(),
    }
}

async fn compare_incidents(
    client: &Client,
    recounted: &Recounted,
    findings: &mut Findings,
) -> Result<()> {
    let mut found: BTreeMap<i64, Vec<Incident>> = BTreeMap::new();
    for row in client.query(INCIDENTS, &[]).await? {
        findings.compared("incidents");
        let closed_by: Option<Uuid> = row.get(7);
        let ended_at: Option<i64> = row.get(8);
        found.entry(row.get(0)).or_default().push(Incident {
            opened_by: row.get(2),
            started_at: row.get(3),
            last_good_at: row.get(4),
            locations: (row.get(5), row.get(6)),
            closed: closed_by.zip(ended_at),
        });
    }
    let none = Vec::new();
    for (website, due) in recounted {
        let found = found.remove(website).unwrap_or_default();
        let due = if due.incidents.is_empty() {
            &none
        } else {
            &due.incidents
        };
        for (place, due) in due.iter().enumerate() {
            let stored = found.get(place);
            if stored != Some(due) {
                let what = format!("website {website}: {stored:?}, not {due:?}");
                findings.add("an incident is not what the rows come to", what);
                break;
            }
        }
        for more in found.iter().skip(due.len()) {
            let what = format!("website {website}: {more:?}");
            findings.add("an incident that the rows do not come to", what);
        }
    }
    for (website, incidents) in found {
        let what = format!("website {website}: {incidents:?}");
        findings.add("an incident that the rows do not come to", what);
    }
    Ok(())
}

async fn compare_states(
    client: &Client,
    recounted: &Recounted,
    findings: &mut Findings,
) -> Result<()> {
    const KIND: &str = "a state is not what the rows come to";
    let mut left: BTreeMap<(i64, String), &State> = BTreeMap::new();
    for (website, due) in recounted {
        let states = due.states.iter();
        left.extend(states.map(|(name, state)| ((*website, name.clone()), state)));
    }
    for row in client.query(STATES, &[]).await? {
        findings.compared("states");
        let (website, location): (i64, String) = (row.get(0), row.get(1));
        let key = (website, location.clone());
        let Some(due) = left.remove(&key) else {
            findings.add(
                KIND,
                format!("website {website}, {location:?}: nobody saw it"),
            );
            continue;
        };
        let is_said = row.get::<_, bool>(2) == due.is_down
            && row.get::<_, i64>(3) == due.since
            && row.get::<_, i32>(4) == due.against.len() as i32
            && row.get::<_, Option<i64>>(5) == due.against.first().copied();
        let (newest_at, interval): (i64, f64) = (row.get(6), row.get(7));
        let ahead_max = (AHEAD_INTERVALS_MAX * interval * 1e6) as i64;
        if !is_said || !(0..=ahead_max).contains(&(due.newest_at - newest_at)) {
            let found = (
                row.get::<_, bool>(2),
                row.get::<_, i64>(3),
                row.get::<_, i32>(4),
                newest_at,
            );
            let what = format!("website {website}, {location:?}: {found:?} is not {due:?}");
            findings.add(KIND, what);
        }
    }
    for ((website, location), due) in left {
        findings.add(
            KIND,
            format!("website {website}, {location:?}: lost: {due:?}"),
        );
    }
    Ok(())
}
