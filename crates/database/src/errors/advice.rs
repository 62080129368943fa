//! What somebody can do about an error, in words.

use tokio_postgres::error::DbError;

use super::table::{
    DATABASE_IS_FULL, ROLE_IS_FULL, function, is_out_of_ids, is_sequence_behind, is_unidentified,
};

/// The routines of PostgreSQL that find that row-level security applies to us: in a query, and in a new row.
const ROW_SECURITY: [&str; 2] = ["check_enable_rls", "ExecWithCheckOptions"];

/// What to do about an error, for whoever can do it. `role` is who we are there.
pub(super) fn advice(error: &DbError, role: &str) -> Option<String> {
    if let Some(function) = function(error) {
        return Some(format!(
            "no record is to blame, but code of the database's own: mend or drop what is at \
             {function}"
        ));
    }
    let table = error.table().unwrap_or("…");
    if is_sequence_behind(error) {
        return Some(format!(
            "the sequence of {table}.id stands behind the table, as after a restore: SELECT \
             setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
        ));
    }
    if is_unidentified(error) {
        return Some(
            "the table is published and has no replica identity: ALTER TABLE it REPLICA IDENTITY \
             USING INDEX (its unique one), or FULL"
                .into(),
        );
    }
    if is_out_of_ids(error) {
        return Some(
            "the server has no transaction ids left: VACUUM the database that it names, and end \
             old transactions, prepared ones too, and replication slots that nobody reads"
                .into(),
        );
    }
    advice_on_code(error, role)
}

fn advice_on_code(error: &DbError, role: &str) -> Option<String> {
    Some(match error.code().code() {
        "28P01" | "28000" => {
            "check user and password in PG_URI and the server's pg_hba.conf".into()
        }
        "22P03" => {
            "a column has another type than the consumer writes: give it back the one that its \
             migrations made"
                .into()
        }
        "23502" => {
            let (table, column) = (error.table()?, error.column()?);
            format!("ALTER TABLE {table} ALTER {column} DROP NOT NULL, or SET DEFAULT …")
        }
        "3D000" => "create the database, or correct its name in PG_URI".into(),
        "3F000" => format!(
            "create a schema of the role's search_path, and GRANT USAGE, CREATE ON SCHEMA … TO \"{role}\""
        ),
        "42501" if error.routine().is_some_and(|it| ROW_SECURITY.contains(&it)) => format!(
            "row-level security is in our way: ALTER ROLE \"{role}\" BYPASSRLS, or ALTER TABLE … NO \
             FORCE ROW LEVEL SECURITY"
        ),
        "42501" => missing_right(error.message(), role),
        "25006" => format!(
            "it is read-only: a standby, and PG_URI has to name the primary; or ALTER ROLE \
             \"{role}\" RESET default_transaction_read_only, or ALTER DATABASE"
        ),
        "53100" => "the server's disk is full".into(),
        "53300" => match error.routine() {
            Some(ROLE_IS_FULL) => {
                format!("ALTER ROLE \"{role}\" CONNECTION LIMIT more, or lower WORKERS")
            }
            Some(DATABASE_IS_FULL) => {
                "ALTER DATABASE … CONNECTION LIMIT more, or lower WORKERS".into()
            }
            _ => "raise the server's max_connections, or lower WORKERS".into(),
        },
        "2200H" => "the sequence has reached its end: ALTER SEQUENCE it to go on".into(),
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
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {name} TO \"{role}\"")
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
    fn a_missing_right_is_said_with_its_grant() {
        let grant = missing_right("permission denied for schema public", "me");
        assert_eq!(grant, "GRANT USAGE, CREATE ON SCHEMA public TO \"me\"");
        let grant = missing_right("permission denied for table metrics", "me");
        assert_eq!(
            grant,
            "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE metrics TO \"me\""
        );
        let grant = missing_right("must be owner of table metrics", "me");
        assert_eq!(grant, "ALTER TABLE metrics OWNER TO \"me\"");
        let grant = missing_right("permission denied for sequence metrics_id_seq", "me");
        assert_eq!(grant, "GRANT USAGE ON SEQUENCE metrics_id_seq TO \"me\"");
        let grant = missing_right("permission denied for database websites", "me");
        assert_eq!(
            grant,
            "GRANT CONNECT, CREATE ON DATABASE websites TO \"me\""
        );
        let grant = missing_right("keine Berechtigung", "me");
        assert_eq!(grant, "GRANT \"me\" the right that PostgreSQL names");
    }
}
