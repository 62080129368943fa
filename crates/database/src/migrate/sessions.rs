//! Whether each connection has a session of its own. A pooler that shares sessions, as PgBouncer does
//! in transaction mode, loses locks and prepared statements between two transactions.

use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use service::command_line::BadInput;
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use super::error::PrepareError;
use crate::{
    errors::DatabaseError,
    pool::{ATTEMPT_TIMEOUT, Database},
    statement::named,
};

/// What only a session knows: a variable of our own, of which the server wants no declaration.
const VARIABLE: &str = "websites_monitor.session";

/// Refuses a database where another connection that is open at once shares this one's session.
pub(super) async fn check(one: &ClientWrapper, database: &Database) -> Result<(), PrepareError> {
    // Where there may be one connection only, nobody shares it with us.
    let Ok(other) = database.detached().await else {
        return Ok(());
    };
    let shared = timeout(ATTEMPT_TIMEOUT, is_shared(one, &other)).await;
    if shared.unwrap_or(Err(DatabaseError::Timeout(ATTEMPT_TIMEOUT)))? {
        return Err(BadInput::new(
            "PG_URI: connections share their sessions, as behind PgBouncer in transaction mode, \
             where locks and prepared statements get lost; let the pooler keep a session for each \
             connection (pool_mode = session), or name PostgreSQL itself",
        )
        .into());
    }
    Ok(())
}

/// Whether one connection finds in its session what the other has left in its own. Nothing is
/// prepared for that: it would get lost.
async fn is_shared(one: &ClientWrapper, other: &ClientWrapper) -> Result<bool, DatabaseError> {
    let mark = Timestamp::now().as_nanosecond().to_string();
    let leave = format!("SELECT set_config('{VARIABLE}', '{mark}', false)");
    let look = format!("SELECT current_setting('{VARIABLE}', true)");
    let doing = "looking whether connections share a session";
    named(doing, one.simple_query(&leave)).await?;
    let found = named(doing, other.simple_query(&look)).await?;
    Ok(found.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(mark.as_str()),
        _ => false,
    }))
}
