//! Whether each check of the last day is accounted for, proved again and again for the status page, in
//! the background: who looks at the page never waits for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::status::Account;
use database::Database;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::pause::pause;
use crate::verify;

/// How long after the start it is proved first: what waited in Kafka meanwhile is read by then.
const FIRST_AFTER: Duration = Duration::from_mins(1);
/// How often it is proved while all is accounted for, and while something is not.
const CALM_INTERVAL: Duration = Duration::from_mins(5);
const FINDING_INTERVAL: Duration = Duration::from_mins(1);
/// A proof reads the rows of two days. Where that takes long, it rests this many times as long, so that
/// it never has more than a twentieth of one of the server's processors.
const REST_FACTOR: u32 = 20;

/// Who is told.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// Only websites with one of these tags count; empty: all.
    public_tags: Vec<String>,
    /// The status page's end is the other one.
    tell: watch::Sender<Option<Arc<Account>>>,
}

impl Accounts {
    /// For websites with one of these tags; and where the last account stands.
    pub(crate) fn channel(public_tags: &[String]) -> (Self, watch::Receiver<Option<Arc<Account>>>) {
        let (tell, known) = watch::channel(None);
        let public_tags = public_tags.to_vec();
        (Self { public_tags, tell }, known)
    }

    /// Proves it once, tells it, and says after how long again.
    async fn round(&self, database: &Database, now: Timestamp) -> Duration {
        let tags = Some(&*self.public_tags).filter(|tags| !tags.is_empty());
        match verify::last_day(database, tags, now).await {
            Ok(account) => {
                let is_whole = account.unaccounted == 0;
                self.tell.send_replace(Some(Arc::new(account)));
                if is_whole {
                    CALM_INTERVAL
                } else {
                    FINDING_INTERVAL
                }
            }
            // The page tells until when the last account was.
            Err(error) => {
                let why = database.explain(&error);
                warn!(
                    "Proving again in {CALM_INTERVAL:?} that all checks are accounted for: {why}"
                );
                CALM_INTERVAL
            }
        }
    }
}

/// Proves until `stop`.
pub(super) async fn prove(database: Database, accounts: Accounts, stop: CancellationToken) {
    let mut rest = FIRST_AFTER;
    while pause(rest, &stop).await {
        let began = Instant::now();
        let now = Timestamp::now();
        let round = accounts.round(&database, now);
        let Some(interval) = stop.run_until_cancelled(round).await else {
            return;
        };
        rest = interval.max(began.elapsed() * REST_FACTOR);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use messages::{DueTimes, check_id};
    use tokio_postgres::NoTls;

    use super::*;
    use crate::testing;

    const URL: &str = "http://a/";
    const TABLES: &str = "CREATE TABLE part PARTITION OF metrics \
        FOR VALUES FROM ('2026-11-23Z') TO ('2026-11-26Z'); INSERT INTO websites (url) VALUES ('http://a/')";
    const ROW: &str = "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, \
        response_time, \"interval\", outcome) SELECT id, '', $1, $2, 200, 0.1, 3600, 'up' FROM websites";

    #[tokio::test]
    async fn an_account_is_told_and_proved_again_sooner_where_a_check_is_missing() {
        let uri = testing::database().await;
        let writer = testing::writer(&uri);
        let database = writer.database();
        database::prepare(database).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(TABLES).await.unwrap();
        let end: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
        let since = end - SignedDuration::from_hours(48);
        for due in DueTimes::new(URL, Duration::from_hours(1)).within(since..end) {
            let row = (database::system_time(due), check_id("", URL, due));
            client.execute(ROW, &[&row.0, &row.1]).await.unwrap();
        }
        let now = end + SignedDuration::from_mins(2);
        let (accounts, known) = Accounts::channel(&[]);
        let told = || {
            let account = known.borrow().clone();
            account.map(|it| (it.due, it.unaccounted))
        };
        assert_eq!(accounts.round(database, now).await, CALM_INTERVAL);
        assert_eq!(told(), Some((24, 0)));

        let gone = "DELETE FROM metrics WHERE scheduled_at >= '2026-11-24T10:00Z' AND scheduled_at < '2026-11-24T11:00Z'";
        client.batch_execute(gone).await.unwrap();
        assert_eq!(accounts.round(database, now).await, FINDING_INTERVAL);
        assert_eq!(told(), Some((24, 1)));

        // What cannot be proved leaves the last account, which says until when it was.
        let hidden = "ALTER TABLE metrics RENAME TO hidden";
        client.batch_execute(hidden).await.unwrap();
        assert_eq!(accounts.round(database, now).await, CALM_INTERVAL);
        assert_eq!(told(), Some((24, 1)));
    }
}
