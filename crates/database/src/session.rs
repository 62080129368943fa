//! A connection's session: what is set on the server's side before a connection is used.

use std::sync::Arc;

use deadpool_postgres::{Hook, HookError};
use tokio_postgres::{Client, error::SqlState};

use crate::connecting::Purpose;

/// A role may have a limit of its own that is shorter than a slow server takes to lift it.
const UNLIMIT: &str = "SET statement_timeout = '60s'";
const UNLIMIT_ATTEMPTS_MAX: u32 = 100;
/// Limits on the server's side, for when we are gone or our own limits passed: a statement, a lock,
/// and a transaction that nobody goes on with. Rows that row-level security hides would look as if
/// they were not there: without it, the server says that it is in the way. And what a role may have set
/// otherwise: a backslash in our statements is one.
const SESSION: &str = "SET lock_timeout = '10s'; \
                       SET standard_conforming_strings = on; \
                       SET idle_in_transaction_session_timeout = '60s'; \
                       SET client_min_messages = 'warning'; \
                       SET row_security = off";
/// Limits of who only reads, for people who wait: nothing is written, no question takes long, and
/// compiling one would take longer than it does. Each is planned by its own values: a plan for any values takes
/// a thousand websites for one, and where their tables are not analysed yet, it takes seconds.
const READING_SESSION: &str = "SET default_transaction_read_only = on; \
                               SET statement_timeout = '8s'; \
                               SET jit = off; \
                               SET plan_cache_mode = force_custom_plan";

/// Sets the limits of each new connection of a pool.
pub(crate) fn limits(purpose: Purpose) -> Hook {
    let session: Arc<str> = match purpose {
        Purpose::Writing => SESSION.into(),
        Purpose::Reading => format!("{SESSION}; {READING_SESSION}").into(),
    };
    Hook::async_fn(move |client, _| {
        let session = session.clone();
        Box::pin(async move { limit(client, &session).await.map_err(HookError::Backend) })
    })
}

async fn limit(client: &Client, session: &str) -> Result<(), tokio_postgres::Error> {
    let mut attempts = 1..UNLIMIT_ATTEMPTS_MAX;
    loop {
        match client.batch_execute(UNLIMIT).await {
            Err(error) if is_cancelled(&error) && attempts.next().is_some() => {}
            done => break done?,
        }
    }
    client.batch_execute(session).await
}

fn is_cancelled(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
