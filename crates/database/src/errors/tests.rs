//! What is made of an error as a server sends it, field by field.

use refinery_core::error::WrapMigrationError;
use tokio::io::{AsyncWriteExt, duplex};
use tokio_postgres::{Config, Error, NoTls};

use super::*;

/// The fields of an error beside its code, by their letters in PostgreSQL's protocol.
type Fields<'a> = &'a [(u8, &'a str)];

const WHERE: u8 = b'W';
const TABLE: u8 = b't';
const COLUMN: u8 = b'c';
const CONSTRAINT: u8 = b'n';
const ROUTINE: u8 = b'R';
const MESSAGE: u8 = b'M';

const IN_A_TRIGGER: (u8, &str) = (
    WHERE,
    "SQL statement \"SELECT 1 / 0\"\nPL/pgSQL function divide() line 1 at assignment",
);

/// What a server says that answers with an error, whatever it is asked.
async fn said(code: &str, fields: Fields<'_>) -> Error {
    let always: Fields<'_> = &[(b'S', "ERROR"), (b'C', code)];
    let mut body = Vec::new();
    let message: Fields<'_> = if fields.iter().any(|(letter, _)| *letter == MESSAGE) {
        &[]
    } else {
        &[(MESSAGE, "in the server's words")]
    };
    for (letter, text) in always.iter().chain(message).chain(fields) {
        body.push(*letter);
        body.extend(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    let (ours, mut servers) = duplex(4096);
    servers.write_u8(b'E').await.unwrap();
    let length = u32::try_from(body.len() + size_of::<u32>()).unwrap();
    servers.write_u32(length).await.unwrap();
    servers.write_all(&body).await.unwrap();
    let connected = Config::new().user("me").connect_raw(ours, NoTls).await;
    connected.err().unwrap()
}

/// An error of a statement that carried records.
async fn of_records(code: &str, fields: Fields<'_>) -> DatabaseError {
    DatabaseError::Postgres {
        doing: "writing rows",
        carries_records: true,
        source: said(code, fields).await,
    }
}

/// An error of a statement that carried none.
async fn of_ours(code: &str, fields: Fields<'_>) -> DatabaseError {
    DatabaseError::Postgres {
        doing: "reading offsets",
        carries_records: false,
        source: said(code, fields).await,
    }
}

async fn of_connecting(code: &str, fields: Fields<'_>) -> DatabaseError {
    DatabaseError::Connect(PoolError::Backend(said(code, fields).await))
}

fn login(attempts: &str) -> Login {
    let login = Login {
        address: "db.example:5432".into(),
        role: "me".into(),
        attempts: Attempts::default(),
    };
    *login.attempts.lock().unwrap() = attempts.into();
    login
}

#[test]
fn silence_is_retried_with_less_and_on_a_new_connection() {
    let timeout = DatabaseError::Timeout(Duration::from_secs(5));
    assert_eq!(timeout.action(), Action::RetrySmaller);
    assert!(timeout.spoils_connection());
    assert!(timeout.is_slow());
}

/// Codes and fields of the server, and what the story has to advise.
const ADVISED: &[(&str, Fields<'static>, &str)] = &[
    ("28P01", &[], "check user and password in PG_URI"),
    ("28000", &[], "check user and password in PG_URI"),
    ("22P03", &[], "a column has another type"),
    (
        "23502",
        &[(TABLE, "metrics"), (COLUMN, "extra")],
        "ALTER TABLE metrics ALTER extra DROP NOT NULL",
    ),
    ("3D000", &[], "create the database"),
    ("3F000", &[], "GRANT USAGE, CREATE ON SCHEMA … TO \"me\""),
    (
        "42501",
        &[(ROUTINE, "check_enable_rls")],
        "ALTER ROLE \"me\" BYPASSRLS",
    ),
    (
        "42501",
        &[(ROUTINE, "ExecWithCheckOptions")],
        "ALTER ROLE \"me\" BYPASSRLS",
    ),
    (
        "42501",
        &[
            (ROUTINE, "aclcheck_error"),
            (MESSAGE, "permission denied for table metrics"),
        ],
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE metrics TO \"me\"",
    ),
    ("25006", &[], "PG_URI has to name the primary"),
    ("53100", &[], "the server's disk is full"),
    (
        "53300",
        &[(ROUTINE, "InitializeSessionUserId")],
        "ALTER ROLE \"me\" CONNECTION LIMIT",
    ),
    (
        "53300",
        &[(ROUTINE, "CheckMyDatabase")],
        "ALTER DATABASE … CONNECTION LIMIT",
    ),
    ("53300", &[], "raise the server's max_connections"),
    ("2200H", &[], "ALTER SEQUENCE it to go on"),
    ("53200", &[], "max_locks_per_transaction"),
    (
        "22012",
        &[IN_A_TRIGGER],
        "mend or drop what is at PL/pgSQL function divide() line 1 at assignment",
    ),
    (
        "23505",
        &[(TABLE, "metrics"), (CONSTRAINT, "metrics_pkey")],
        "SELECT setval(pg_get_serial_sequence('metrics', 'id'), max(id)) FROM metrics",
    ),
    (
        "55000",
        &[(ROUTINE, "CheckCmdReplicaIdentity")],
        "ALTER TABLE it REPLICA IDENTITY",
    ),
    (
        "54000",
        &[(ROUTINE, "GetNewTransactionId")],
        "VACUUM the database that it names",
    ),
    (
        "54000",
        &[(ROUTINE, "GetNewMultiXactId")],
        "VACUUM the database that it names",
    ),
];

#[tokio::test]
async fn whoever_can_help_is_told_how() {
    for (code, fields, advice) in ADVISED {
        let story = of_records(code, fields).await.explain(&login(""));
        assert!(story.starts_with("writing rows: "), "{story}");
        assert!(story.contains(advice), "{code} {fields:?}: {story}");
    }
}

#[tokio::test]
async fn where_nobody_can_help_there_is_no_advice() {
    let cases: &[(&str, Fields<'_>)] = &[
        ("40001", &[]),
        // Without the names there is nothing to say about them.
        ("23502", &[]),
        ("23505", &[(CONSTRAINT, "websites_url_key")]),
        ("54000", &[(ROUTINE, "index_form_tuple")]),
        ("22012", &[(WHERE, "unnamed portal parameter $1")]),
    ];
    for (code, fields) in cases {
        let story = of_records(code, fields).await.explain(&login(""));
        assert!(!story.contains("; "), "{code} {fields:?}: {story}");
        assert!(story.contains("in the server's words"), "{story}");
    }
}

#[tokio::test]
async fn one_code_is_told_apart_by_the_names_that_the_server_gives() {
    let cases: &[(&str, Fields<'_>, Action)] = &[
        ("23505", &[(CONSTRAINT, "metrics_pkey")], Action::Refresh),
        ("23505", &[(CONSTRAINT, "metrics_check")], Action::Isolate),
        ("23503", &[(CONSTRAINT, "metrics_pkey")], Action::Refresh),
        ("23514", &[(CONSTRAINT, "metrics_pkey")], Action::Isolate),
        ("23514", &[(CONSTRAINT, "small")], Action::Isolate),
        // A row without a partition for its day.
        ("23514", &[], Action::Refresh),
        ("23505", &[], Action::Isolate),
        (
            "55000",
            &[(ROUTINE, "CheckCmdReplicaIdentity")],
            Action::Refresh,
        ),
        ("55000", &[(ROUTINE, "another")], Action::Reconnect),
        ("22012", &[], Action::Isolate),
        ("22012", &[IN_A_TRIGGER], Action::Ask),
        ("22012", &[(WHERE, "parameter $1")], Action::Isolate),
        ("40001", &[IN_A_TRIGGER], Action::Retry),
        ("54000", &[(ROUTINE, "GetNewTransactionId")], Action::Ask),
        ("54000", &[(ROUTINE, "index_form_tuple")], Action::Isolate),
    ];
    for (code, fields, action) in cases {
        let error = of_records(code, fields).await;
        assert_eq!(error.action(), *action, "{code} {fields:?}");
        assert_eq!(error.spoils_connection(), *action == Action::Reconnect);
        assert_eq!(error.code().map(SqlState::code), Some(*code));
    }
    // Nobody's record can be to blame.
    assert_eq!(of_ours("22012", &[]).await.action(), Action::Ask);
    assert_eq!(of_ours("40001", &[]).await.action(), Action::Retry);
    assert_eq!(of_ours("23514", &[]).await.action(), Action::Refresh);
}

#[tokio::test]
async fn a_constraint_speaks_of_values_where_a_record_gave_them() {
    let cases: &[(&str, Fields<'_>, bool)] = &[
        ("23514", &[(CONSTRAINT, "small")], true),
        ("23505", &[(CONSTRAINT, "websites_url_key")], true),
        ("23505", &[(CONSTRAINT, "metrics_pkey")], false),
        ("23514", &[(CONSTRAINT, "small"), IN_A_TRIGGER], false),
        ("22003", &[(CONSTRAINT, "small")], false),
    ];
    for (code, fields, is_constraint) in cases {
        let error = of_records(code, fields).await;
        assert_eq!(error.is_constraint(), *is_constraint, "{code} {fields:?}");
        let error = of_ours(code, fields).await;
        assert!(!error.is_constraint(), "{code} {fields:?}");
    }
}

#[tokio::test]
async fn a_login_that_is_refused_condemns_no_record() {
    let cases: &[(&str, Fields<'_>, Action, bool)] = &[
        ("28P01", &[], Action::Ask, false),
        ("22023", &[], Action::Ask, false),
        ("57P03", &[], Action::Reconnect, false),
        ("40001", &[], Action::Reconnect, false),
        ("53300", &[], Action::Reconnect, false),
        (
            "53300",
            &[(ROUTINE, "InitializeSessionUserId")],
            Action::Reconnect,
            true,
        ),
        (
            "53300",
            &[(ROUTINE, "CheckMyDatabase")],
            Action::Reconnect,
            true,
        ),
        (
            "57P03",
            &[(ROUTINE, "CheckMyDatabase")],
            Action::Reconnect,
            false,
        ),
    ];
    for (code, fields, action, is_limit_of_role) in cases {
        let error = of_connecting(code, fields).await;
        assert_eq!(error.action(), *action, "{code} {fields:?}");
        let limit = error.is_limit_of_role();
        assert_eq!(limit, *is_limit_of_role, "{code} {fields:?}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_says_where_and_each_cause_once() {
    let hook = PoolError::PostCreateHook(HookError::Backend(said("3D000", &[]).await));
    let of_hook = DatabaseError::Connect(hook);
    let error = of_connecting("3D000", &[]).await;
    for error in [&of_hook, &error] {
        assert_eq!(
            error.explain(&login("")),
            "connecting to PostgreSQL at db.example:5432: ERROR: in the server's words; create the \
             database, or correct its name in PG_URI"
        );
    }
    let several = "a.example:5432: refused; b.example:5432: a standby";
    let story = error.explain(&login(several));
    assert!(!story.contains("db.example"), "{story}");
    assert!(story.contains(several), "{story}");
    assert!(!story.contains("in the server's words"), "{story}");
}

#[tokio::test]
async fn what_the_server_says_of_a_migration_is_read_through_what_the_runner_says() {
    let refused: Result<(), _> = Err(said("42501", &[(MESSAGE, "must be owner of table t")]).await);
    let error = refused.migration_err("error applying migrations", None);
    let error = DatabaseError::Migrate(error.unwrap_err());
    assert_eq!(error.action(), Action::Ask);
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    assert_eq!(
        error.explain(&login("")),
        "bringing the tables up to date: ERROR: must be owner of table t; ALTER TABLE t OWNER TO \"me\""
    );
}

#[tokio::test]
async fn what_a_slow_server_says_is_told_from_what_follows_an_error() {
    let slow = of_ours("57014", &[]).await;
    let aftermath = of_ours("25P02", &[]).await;
    assert!(slow.is_slow() && !slow.is_aftermath());
    assert!(!aftermath.is_slow() && aftermath.is_aftermath());
    let stale = DatabaseError::Stale("somebody was faster");
    assert!(!stale.is_slow() && !stale.is_aftermath() && !stale.spoils_connection());
    assert_eq!(stale.action(), Action::Refresh);
    assert_eq!(stale.code(), None);
    let swallowed = DatabaseError::Swallowed("3 rows");
    assert_eq!(swallowed.action(), Action::Ask);
}

#[test]
fn each_kind_of_trouble_has_a_word_of_its_own() {
    let actions = [
        Action::Retry,
        Action::RetrySmaller,
        Action::Reconnect,
        Action::Refresh,
        Action::Isolate,
        Action::Ask,
    ];
    assert_eq!(
        actions.map(Action::reason),
        [
            "busy",
            "overwhelmed",
            "disconnected",
            "outdated",
            "record",
            "owner"
        ]
    );
}
