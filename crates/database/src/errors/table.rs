//! The table from SQLSTATE to what to do. Where one code stands for several things, the names that
//! PostgreSQL gives (of a constraint, of its own routine) tell them apart, never its words: these
//! are in the server's language.

use tokio_postgres::error::{DbError, SqlState};

/// The routines of PostgreSQL that find that it has no transaction ids left. Their code is also
/// that of a value which is too large for an index.
const NO_IDS_LEFT: [&str; 2] = ["GetNewTransactionId", "GetNewMultiXactId"];
/// The routine that finds that a published table does not say how its rows are known.
const NO_REPLICA_IDENTITY: &str = "CheckCmdReplicaIdentity";
/// The routines that find that a role, and a database, has all the connections that it may have.
pub(super) const ROLE_IS_FULL: &str = "InitializeSessionUserId";
pub(super) const DATABASE_IS_FULL: &str = "CheckMyDatabase";
/// How PostgreSQL names the constraint of a primary key that was given no name, as ours are.
const PRIMARY_KEY: &str = "_pkey";
/// What PostgreSQL's languages have in common when they say in which function an error arose.
const LANGUAGE: &str = "PL/";

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
    /// Somebody has to act: to grant a right, to correct a name or a password, to mend what the
    /// database does by itself. Say so and try again.
    Ask,
}

impl Action {
    /// What kind of trouble it is for: one of few words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Retry => "busy",
            Self::RetrySmaller => "overwhelmed",
            Self::Reconnect => "disconnected",
            Self::Refresh => "outdated",
            Self::Isolate => "record",
            Self::Ask => "owner",
        }
    }
}

/// What to do about an error of a statement.
pub(super) fn action_of(error: &DbError, carries_records: bool) -> Action {
    if is_sequence_behind(error) || is_unidentified(error) || is_partition_missing(error) {
        return Action::Refresh;
    }
    match action_of_code(error.code().code()) {
        // Nobody's record is to blame: the database does not do what is its own to do.
        Action::Isolate if !carries_records || is_of_the_database(error) => Action::Ask,
        action => action,
    }
}

/// Whether a constraint was violated that speaks of the values given.
pub(super) fn is_constraint(error: &DbError) -> bool {
    error.code().code().starts_with("23")
        && !is_sequence_behind(error)
        && !is_of_the_database(error)
}

/// Whether an id was taken already, which no record names: the sequence stands behind the table, as
/// a restore may leave it.
pub(super) fn is_sequence_behind(error: &DbError) -> bool {
    *error.code() == SqlState::UNIQUE_VIOLATION
        && error
            .constraint()
            .is_some_and(|name| name.ends_with(PRIMARY_KEY))
}

/// Whether a row could not be changed since its table is published and has no replica identity.
pub(super) fn is_unidentified(error: &DbError) -> bool {
    error.routine() == Some(NO_REPLICA_IDENTITY)
}

/// Whether a role or a database has all the connections that it may have, while the server has more.
pub(super) fn is_limit_of_role(error: &DbError) -> bool {
    *error.code() == SqlState::TOO_MANY_CONNECTIONS
        && matches!(error.routine(), Some(ROLE_IS_FULL | DATABASE_IS_FULL))
}

/// Whether the server has used up its transaction ids.
pub(super) fn is_out_of_ids(error: &DbError) -> bool {
    error.routine().is_some_and(|it| NO_IDS_LEFT.contains(&it))
}

/// Where in somebody's function or trigger an error arose: the innermost.
pub(super) fn function(error: &DbError) -> Option<&str> {
    error.where_()?.lines().find(|line| line.contains(LANGUAGE))
}

/// A row without a partition for its day has the same code as a CHECK that fails, but no name of a
/// constraint.
fn is_partition_missing(error: &DbError) -> bool {
    *error.code() == SqlState::CHECK_VIOLATION && error.constraint().is_none()
}

/// Whether the values given cannot be to blame, though the code may be that of bad values.
fn is_of_the_database(error: &DbError) -> bool {
    is_out_of_ids(error) || function(error).is_some()
}

/// The table. What is not in it costs a new connection, which is always safe.
fn action_of_code(code: &str) -> Action {
    match code {
        // Foreign key: a website that was known is gone. Undefined tables, columns, schemas: the
        // database was emptied or restored.
        "23503" | "42P01" | "42703" | "3F000" => Action::Refresh,
        // Insufficient privilege; password, role or database that is not there or not allowed.
        // Raised by somebody's function or trigger; a sequence that has reached its end; a column of
        // another type than is written to it.
        "42501" | "28P01" | "28000" | "3D000" | "P0001" | "2200H" | "22P03" => Action::Ask,
        // Out of memory or of locks; a statement that took longer than its limit.
        "53200" | "57014" => Action::RetrySmaller,
        // A row that somebody's view does not allow.
        "44000" => Action::Isolate,
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
                    "54000", "44000",
                ],
            ),
            (
                Action::Ask,
                &[
                    "42501", "28P01", "28000", "3D000", "P0001", "2200H", "22P03",
                ],
            ),
        ];
        for (action, codes) in table {
            for code in codes {
                assert_eq!(action_of_code(code), action, "{code}");
            }
        }
    }
}
