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
}

/// Proves until `stop`.
pub(super) async fn prove(database: Database, accounts: Accounts, stop: CancellationToken) {
    let tags = Some(&*accounts.public_tags).filter(|tags| !tags.is_empty());
    let mut rest = FIRST_AFTER;
    while pause(rest, &stop).await {
        let began = Instant::now();
        let proof = verify::last_day(&database, tags, Timestamp::now());
        rest = match stop.run_until_cancelled(proof).await {
            None => return,
            Some(Ok(account)) => {
                let is_whole = account.unaccounted == 0;
                accounts.tell.send_replace(Some(Arc::new(account)));
                if is_whole {
                    CALM_INTERVAL
                } else {
                    FINDING_INTERVAL
                }
            }
            // The page tells until when the last account was.
            Some(Err(error)) => {
                let why = database.explain(&error);
                warn!(
                    "Proving again in {CALM_INTERVAL:?} that all checks are accounted for: {why}"
                );
                CALM_INTERVAL
            }
        };
        rest = rest.max(began.elapsed() * REST_FACTOR);
    }
}
