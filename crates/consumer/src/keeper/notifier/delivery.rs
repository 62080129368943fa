//! Delivers alerts: leases them, sends them, and notes what became of it.
//!
//! The lease moves the time of the next attempt on before anything is sent. So nobody else sends
//! meanwhile; and where the consumer is killed in between, another sends again once the lease is over,
//! by the same id.

use std::time::Duration;

use database::{Database, DatabaseError, Statement};
use notify::{Alert, Outcome, Receiver};
use tracing::{info, warn};
use uuid::Uuid;

use crate::numbers;

/// How long an alert is ours: longer than any channel takes.
const LEASE_SECONDS: f64 = 60.0;
/// Waits between attempts, which double.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_mins(5);

/// For each receiver the alert whose time has come. One that speaks of the same as an earlier one waits
/// until that is sent: nobody hears of an end before its beginning.
const LEASE: Statement = Statement::new(
    "leasing alerts",
    "UPDATE alerts SET attempts = attempts + 1, next_attempt_at = now() + $2 * interval '1 second' \
    WHERE id IN (SELECT due.id FROM unnest($1::text[]) AS idle (receiver) CROSS JOIN LATERAL (\
    SELECT mine.id FROM alerts AS mine WHERE mine.receiver = idle.receiver \
    AND mine.sent_at IS NULL AND mine.next_attempt_at <= now() \
    AND NOT EXISTS (SELECT FROM alerts AS earlier WHERE earlier.receiver = mine.receiver \
    AND earlier.sent_at IS NULL AND earlier.created_at < mine.created_at \
    AND earlier.content ->> 'key' = mine.content ->> 'key') \
    ORDER BY mine.next_attempt_at, mine.created_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due) \
    RETURNING id, receiver, attempts, content::text",
);
const SENT: Statement = Statement::new(
    "noting that an alert was sent",
    "UPDATE alerts SET sent_at = now(), last_error = NULL WHERE id = $1",
);
const LATER: Statement = Statement::new(
    "noting that an alert was not sent",
    "UPDATE alerts SET next_attempt_at = now() + $2 * interval '1 second', last_error = $3 \
    WHERE id = $1 AND sent_at IS NULL",
);
const UNSENT: Statement = Statement::new(
    "counting alerts that are not sent",
    "SELECT receiver, count(*), extract(epoch FROM now() - min(created_at))::double precision, \
    max(attempts) FROM alerts WHERE sent_at IS NULL GROUP BY receiver",
);

/// An alert that is ours to send.
#[derive(Debug)]
pub(super) struct Leased {
    id: Uuid,
    pub(super) receiver: String,
    attempts: i32,
    /// What it says; nothing where a newer consumer wrote what we cannot read.
    alert: Option<Alert>,
}

/// Leases one alert for each of these receivers that has one.
pub(super) async fn lease(
    database: &Database,
    idle: &[&str],
) -> Result<Vec<Leased>, DatabaseError> {
    let rows = database
        .attempt(async |client| LEASE.query(client, &[&idle, &LEASE_SECONDS]).await)
        .await?;
    let leased = rows.iter().map(|row| Leased {
        id: row.get(0),
        receiver: row.get(1),
        attempts: row.get(2),
        alert: serde_json::from_str(row.get(3)).ok(),
    });
    Ok(leased.collect())
}

/// Sends an alert once, and notes what became of it. Hands back how long the receiver wants to be left
/// alone.
pub(super) async fn deliver(
    database: &Database,
    receiver: &Receiver,
    leased: Leased,
) -> Result<Option<Duration>, DatabaseError> {
    let Leased {
        id,
        attempts,
        alert,
        ..
    } = leased;
    let name = &receiver.name;
    let outcome = match &alert {
        Some(alert) => receiver.send(alert).await,
        None => Outcome::Failed("a newer consumer wrote it".to_owned()),
    };
    let headline = alert.map_or_else(|| id.to_string(), |alert| alert.headline);
    if let Outcome::SentToSome(story) = &outcome {
        warn!("{name} told some alone, and is not asked again: {story}");
    }
    let (wait, asked, story) = match outcome {
        Outcome::Sent | Outcome::SentToSome(_) => {
            info!("Told {name}: {headline}");
            numbers::ALERTS_SENT.counter_of(name.clone()).increment(1);
            let sent = async |client: &mut _| SENT.execute(client, &[&id]).await;
            database.attempt(sent).await?;
            return Ok(None);
        }
        Outcome::Later { wait, story } => (wait, Some(wait), story),
        Outcome::Failed(story) => (backoff(attempts), None, story),
    };
    let seconds = wait.as_secs_f64();
    warn!(
        "{name} was not told, attempt {attempts}, again in {seconds} s: {story}; it is: {headline}"
    );
    numbers::ALERTS_FAILED.counter_of(name.clone()).increment(1);
    database
        .attempt(async |client| LATER.execute(client, &[&id, &seconds, &story]).await)
        .await?;
    Ok(asked)
}

/// Alerts that a receiver has not taken yet.
#[derive(Clone, Debug)]
pub(super) struct Unsent {
    pub(super) receiver: String,
    pub(super) count: i64,
    /// How old the oldest is.
    pub(super) seconds: f64,
    /// Attempts at the one that was refused most.
    pub(super) attempts: i32,
}

/// What is not sent yet, by receiver.
pub(super) async fn unsent(database: &Database) -> Result<Vec<Unsent>, DatabaseError> {
    let rows = database
        .attempt(async |client| UNSENT.query(client, &[]).await)
        .await?;
    let unsent = rows.iter().map(|row| Unsent {
        receiver: row.get(0),
        count: row.get(1),
        seconds: row.get(2),
        attempts: row.get(3),
    });
    Ok(unsent.collect())
}

/// How long to wait after so many attempts. There is no last one.
fn backoff(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    RETRY_FIRST.saturating_mul(1 << doublings).min(RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let seconds = |attempts| backoff(attempts).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(3)], [5, 10, 20]);
        assert_eq!([seconds(7), seconds(1000)], [300, 300]);
    }
}
