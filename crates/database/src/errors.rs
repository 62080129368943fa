//! What PostgreSQL's errors mean for the batch at hand: one table from SQLSTATE to what to do
//! (`table`), and what to tell a person (`advice`).

mod advice;
mod table;

use std::{error::Error, sync::PoisonError, time::Duration};

use deadpool_postgres::{HookError, PoolError};
use thiserror::Error;
use tokio_postgres::error::{DbError, SqlState};

pub use self::table::Action;
use self::{advice::advice, table::action_of};
use crate::{causes::causes, connecting::Attempts};

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
        /// The statement carried values of records: only then may one of them be to blame.
        carries_records: bool,
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
    /// PostgreSQL took what it was given, and it is not there.
    #[error(
        "{0} were taken and are not there: a trigger or a rule of the database's own swallows them"
    )]
    Swallowed(&'static str),
    /// A key of ours is gone, without which nothing tells a repeat from what is new.
    #[error("{0}")]
    Keyless(&'static str),
}

/// Where, and as whom, we are there: what an error is about.
#[derive(Debug)]
pub(crate) struct Login {
    /// Hosts and ports of the server.
    pub(crate) address: String,
    /// Whom a right would have to be granted to.
    pub(crate) role: String,
    /// What each of several servers had against it.
    pub(crate) attempts: Attempts,
}

impl DatabaseError {
    /// What to do about it.
    pub fn action(&self) -> Action {
        match self {
            Self::Timeout(_) => Action::RetrySmaller,
            Self::Stale(_) => Action::Refresh,
            Self::Swallowed(_) | Self::Keyless(_) => Action::Ask,
            Self::Connect(_) => match self.database_error() {
                Some(error) if action_of(error, false) == Action::Ask => Action::Ask,
                // A login that is refused condemns nobody's records, whatever the code.
                _ => Action::Reconnect,
            },
            Self::Postgres { .. } | Self::Migrate(_) => {
                self.database_error().map_or(Action::Reconnect, |error| {
                    action_of(error, self.carries_records())
                })
            }
        }
    }

    /// Whether the connection that it happened on must not be used again.
    pub(crate) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Timeout(_)) || self.action() == Action::Reconnect
    }

    /// Whether the role or the database has all the connections that it may have.
    pub(crate) fn is_limit_of_role(&self) -> bool {
        self.database_error().is_some_and(table::is_limit_of_role)
    }

    /// The server's own code for it, where the server said something.
    pub fn code(&self) -> Option<&SqlState> {
        self.database_error().map(DbError::code)
    }

    /// Whether the server may only be slow: a time limit passed before there was an answer.
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Timeout(_)) || self.code() == Some(&SqlState::QUERY_CANCELED)
    }

    /// Whether an error before it made the transaction void: that one says why.
    pub fn is_aftermath(&self) -> bool {
        self.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION)
    }

    /// Whether a record's values violate a constraint, as far as can be told from here: what is
    /// known of tables and websites may be to blame instead.
    pub fn is_constraint(&self) -> bool {
        self.carries_records() && self.database_error().is_some_and(table::is_constraint)
    }

    fn carries_records(&self) -> bool {
        matches!(
            self,
            Self::Postgres {
                carries_records: true,
                ..
            }
        )
    }

    /// The whole story in one line: what was being done, each cause, and advice.
    pub(crate) fn explain(&self, login: &Login) -> String {
        let mut story = self.to_string();
        let mut cause = self.cause();
        if matches!(self, Self::Connect(_)) {
            let attempts = login.attempts.lock();
            let attempts = attempts.unwrap_or_else(PoisonError::into_inner);
            if attempts.is_empty() {
                story = format!("{story} at {}", login.address);
            } else {
                story = format!("{story}: {attempts}");
                cause = None;
            }
        }
        if let Some(error) = cause {
            story = format!("{story}: {}", causes(error));
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
            Self::Connect(_)
            | Self::Timeout(_)
            | Self::Stale(_)
            | Self::Swallowed(_)
            | Self::Keyless(_) => None,
        }
    }
}

/// The end of an error's chain of causes.
fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, root)
}

#[cfg(test)]
mod tests;
