//! What PostgreSQL's errors mean for the batch at hand: one table from SQLSTATE to what to do.

use std::{error::Error, time::Duration};

use deadpool_postgres::{HookError, PoolError};
use thiserror::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Why something could not be done in PostgreSQL.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// No connection was to be had: nothing listens, the login is refused, or all are in use.
    #[error("connecting to PostgreSQL")]
    Connect(#[source] PoolError),
    /// PostgreSQL refused, or the connection broke.
    #[error("{doing}")]
    Postgres {
        /// What was being done: the statement's name.
        doing: &'static str,
        /// What PostgreSQL or the network says.
        source: tokio_postgres::Error,
    },
    /// The tables could not be brought up to date.
    #[error("bringing the tables up to date")]
    Migrate(#[source] refinery::Error),
    /// No answer came in time: the server hangs, or the network swallows what is sent.
    #[error("PostgreSQL gave no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// What happened contradicts what was known: what is known has to be read anew.
    #[error("{0}")]
    Stale(&'static str),
}

/// Where, and as whom, we are there: what an error is about.
#[derive(Debug)]
pub(crate) struct Login {
    /// Hosts and ports of the server.
    pub(crate) address: String,
    /// Whom a right would have to be granted to.
    pub(crate) role: String,
}

/// What to do about an error. Nothing that an outage can cause ever condemns a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try again on any connection: it was in somebody's way, or something has run out.
    Retry,
    /// Too much at once for the server: try again with less.
    RetrySmaller,
    /// Drop the connection and try again.
    Reconnect,
    /// What is known of tables, partitions and websites is no longer so: read it anew.
    Refresh,
    /// A record among them cannot be stored: find it.
    Isolate,
    /// Somebody has to grant a right, or to correct a name or a password: say so and try again.
    Ask,
}

impl DatabaseError {
    /// What to do about it.
    pub fn action(&self) -> Action {
        match self {
            Self::Timeout(_) => Action::RetrySmaller,
            Self::Stale(_) => Action::Refresh,
            Self::Connect(_) => match self.database_error() {
                Some(error) if action_of(error) == Action::Ask => Action::Ask,
                // A login that is refused condemns nobody's records, whatever the code.
                _ => Action::Reconnect,
            },
            Self::Postgres { .. } | Self::Migrate(_) => {
                self.database_error().map_or(Action::Reconnect, action_of)
            }
        }
    }

    /// Whether the connection that it happened on must not be used again.
    pub(crate) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Timeout(_)) || self.action() == Action::Reconnect
    }

    /// The server's own code for it, where the server said something.
    pub fn code(&self) -> Option<&SqlState> {
        self.database_error().map(DbError::code)
    }

    /// Whether a constraint was violated, which can be a record's fault.
    pub fn is_constraint(&self) -> bool {
        self.code()
            .is_some_and(|code| code.code().starts_with("23"))
    }

    /// The whole story in one line: what was being done, each cause, and advice.
    pub(crate) fn explain(&self, login: &Login) -> String {
        let mut story = self.to_string();
        if matches!(self, Self::Connect(_)) {
            story = format!("{story} at {}", login.address);
        }
        let mut cause = self.cause();
        while let Some(error) = cause {
            // What the server says has its details on lines of their own.
            let text = error.to_string().replace('\n', ", ");
            if text != "db error" {
                story = format!("{story}: {text}");
            }
            cause = error.source();
        }
        match self
            .database_error()
            .and_then(|error| advice(error, &login.role))
        {
            Some(advice) => format!("{story}; {advice}"),
            None => story,
        }
    }

    /// The first cause that says more than this error does.
    fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // The pool's own words for these say less, and the cause once more.
            Self::Connect(
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)),
            ) => Some(error),
            Self::Migrate(error) => Some(root(error)),
            _ => self.source(),
        }
    }

    /// What the server itself said, if it did.
    fn database_error(&self) -> Option<&DbError> {
        match self {
            Self::Connect(
                PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)),
            )
            | Self::Postgres { source: error, .. } => error.as_db_error(),
            Self::Migrate(error) => root(error).downcast_ref(),
            Self::Connect(_) | Self::Timeout(_) | Self::Stale(_) => None,
        }
    }
}

/// The end of an error's chain of causes.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, root)
}

fn action_of(error: &DbError) -> Action {
    // A row without a partition for its day has the same code as a CHECK that fails, but no name
    // of a constraint.
    if *error.code() == SqlState::CHECK_VIOLATION && error.constraint().is_none() {
        return Action::Refresh;
    }
    action_of_code(error.code().code())
}

/// The table. What is not in it costs a new connection, which is always safe.
fn action_of_code(code: &str) -> Action {
    match code {
        // Foreign key: a website that was known is gone. Undefined tables, columns, schemas: the
        // database was emptied or restored.
        "23503" | "42P01" | "42703" | "3F000" => Action::Refresh,
        // Insufficient privilege; password, role or database that is not there or not allowed.
        "42501" | "28P01" | "28000" | "3D000" => Action::Ask,
        // Out of memory or of locks; a statement that took longer than its limit.
        "53200" | "57014" => Action::RetrySmaller,
        // Raised by somebody's trigger; a row that somebody's view does not allow.
        "P0001" | "44000" => Action::Isolate,
        // Serialization, deadlock; locks; disk full, configured limits; system's I/O.
        _ if code.starts_with("40") => Action::Retry,
        "55P03" | "53100" | "53000" | "53400" => Action::Retry,
        _ if code.starts_with("58") => Action::Retry,
        // Data, constraints, sizes.
        _ if ["22", "23", "54"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Action::Isolate
        }
        // 08 connection, 53300 too many connections, 57P01 to 57P03 shutdown and start, 25 (25006:
        // a standby), 0A000 and 26000 (a plan or statement that is void), XX internal, the rest.
        _ => Action::Reconnect,
    }
}

fn advice(error: &DbError, role: &str) -> Option<String> {
    Some(match error.code().code() {
        "28P01" | "28000" => {
            "check user and password in PG_URI and the server's pg_hba.conf".into()
        }
        "3D000" => "create the database, or correct its name in PG_URI".into(),
        "3F000" => format!(
            "create a schema of the role's search_path, and GRANT USAGE, CREATE ON SCHEMA … TO \"{role}\""
        ),
        "42501" => missing_right(error.message(), role),
        "25006" => {
            "the server is read-only: a standby, perhaps; PG_URI has to name the primary".into()
        }
        "53100" => "the server's disk is full".into(),
        "53300" => "raise the server's max_connections, or lower WORKERS".into(),
        "53200" => "raise the server's max_locks_per_transaction if this lasts".into(),
        _ => return None,
    })
}

/// The GRANT that is missing, from the server's words. Where these are in another language, the
/// words themselves have to do.
fn missing_right(message: &str, role: &str) -> String {
    let name = message.rsplit(' ').next().unwrap_or_default();
    let what = |kind: &str| message.contains(&format!(" {kind} "));
    if message.starts_with("must be owner") {
        format!("ALTER TABLE {name} OWNER TO \"{role}\"")
    } else if what("schema") {
        format!("GRANT USAGE, CREATE ON SCHEMA {name} TO \"{role}\"")
    } else if what("table") {
        format!("GRANT SELECT, INSERT, UPDATE ON TABLE {name} TO \"{role}\"")
    } else if what("sequence") {
        format!("GRANT USAGE ON SEQUENCE {name} TO \"{role}\"")
    } else if what("database") {
        format!("GRANT CONNECT, CREATE ON DATABASE {name} TO \"{role}\"")
    } else {
        format!("GRANT \"{role}\" the right that PostgreSQL names")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_action() {
        let table = [
            (
                Action::Retry,
                &["40001", "40P01", "55P03", "53100", "53400", "58030"][..],
            ),
            (Action::RetrySmaller, &["53200", "57014"]),
            (
                Action::Reconnect,
                &[
                    "08006", "08P01", "57P01", "57P02", "57P03", "57P05", "53300", "25006",
                    "25P02", "0A000", "26000", "42P05", "XX000", "XX001", "42601", "55000",
                    "F0000", "zzzzz",
                ],
            ),
            (Action::Refresh, &["23503", "42P01", "42703", "3F000"]),
            (
                Action::Isolate,
                &[
                    "22021", "22P02", "22003", "22008", "23502", "23505", "23514", "23P01",
                    "54000", "P0001", "44000",
                ],
            ),
            (Action::Ask, &["42501", "28P01", "28000", "3D000"]),
        ];
        for (action, codes) in table {
            for code in codes {
                assert_eq!(action_of_code(code), action, "{code}");
            }
        }
    }

    #[test]
    fn a_missing_right_is_said_with_its_grant() {
        let grant = missing_right("permission denied for schema public", "me");
        assert_eq!(grant, "GRANT USAGE, CREATE ON SCHEMA public TO \"me\"");
        let grant = missing_right("permission denied for table metrics", "me");
        assert_eq!(
            grant,
            "GRANT SELECT, INSERT, UPDATE ON TABLE metrics TO \"me\""
        );
        let grant = missing_right("must be owner of table metrics", "me");
        assert_eq!(grant, "ALTER TABLE metrics OWNER TO \"me\"");
        let grant = missing_right("keine Berechtigung", "me");
        assert_eq!(grant, "GRANT \"me\" the right that PostgreSQL names");
    }

    #[test]
    fn silence_is_retried_with_less_and_on_a_new_connection() {
        let timeout = DatabaseError::Timeout(Duration::from_secs(5));
        assert_eq!(timeout.action(), Action::RetrySmaller);
        assert!(timeout.spoils_connection());
    }
}
