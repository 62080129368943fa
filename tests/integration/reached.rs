//! PostgreSQL where people have it: at a socket, by IPv6, behind a certificate of one's own, as one of
//! several servers of which another takes over.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use devstack::{Authority, ClientFiles, Postgres, PostgresOptions, Server, free_port};
use tokio_postgres::NoTls;

use crate::support::{Database, Service, ServiceSettings, Topic, eventually, original_record};

/// A failover is noticed within this.
const NOTICED_MAX: Duration = Duration::from_secs(30);
const RECORDS: i64 = 1_000;

/// The user and the password, and the name of a new database.
async fn login(postgres: &Postgres) -> (String, String) {
    let uri = Database::create_on(postgres).await.uri;
    let (credentials, address) = uri.rsplit_once('@').unwrap();
    let (_, credentials) = credentials.split_once("//").unwrap();
    let (_, name) = address.split_once('/').unwrap();
    (credentials.to_owned(), name.to_owned())
}

async fn execute(postgres: &Postgres, statements: &[&str]) {
    let (client, connection) = tokio_postgres::connect(&postgres.superuser_uri(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await.unwrap();
    }
}

/// Makes the tables, to see whether the database is reached: the exit status, and what was said.
async fn migrate(settings: ServiceSettings) -> (Option<i32>, String) {
    let (code, said, errors) = Service::run("consumer", &["migrate"], &settings).await;
    (code, format!("{said}{errors}"))
}

fn uri(uri: &str) -> ServiceSettings {
    ServiceSettings::default().set("PG_URI", uri)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_reached_by_socket_by_ipv6_and_by_address() {
    let options = PostgresOptions {
        tls: true,
        everywhere: true,
        ..Default::default()
    };
    let postgres = Postgres::throwaway(options).await.unwrap();
    let (port, folder) = (postgres.port(), postgres.data().display().to_string());
    let closed = free_port().unwrap();
    let mut uris = vec![
        "postgresql://USER:PASSWORD@SOCKET:PORT/NAME",
        "postgresql://USER:PASSWORD@SOCKET:PORT/NAME?sslmode=require",
        "postgresql:///NAME?host=FOLDER&port=PORT&user=USER&password=PASSWORD",
        "host='FOLDER' port=PORT user=USER password='PASSWORD' dbname=NAME sslmode=verify-full",
        "hostaddr=127.0.0.1 port=PORT user=USER password=PASSWORD dbname=NAME",
        "hostaddr=127.0.0.1 port=PORT user=USER password=PASSWORD dbname=NAME sslmode=require",
        "postgresql://USER:PASSWORD@127.0.0.1:CLOSED,SOCKET:PORT/NAME?sslmode=require",
    ];
    if TcpListener::bind("[::1]:0").is_ok() {
        uris.extend([
            "postgresql://USER:PASSWORD@[::1]:PORT/NAME?sslmode=require",
            "postgresql://USER:PASSWORD@[::1]:CLOSED,[::1]:PORT/NAME",
            "host=::1 port=PORT user=USER password=PASSWORD dbname=NAME",
        ]);
    }
    for pattern in uris {
        let (credentials, name) = login(&postgres).await;
        let (user, password) = credentials.split_once(':').unwrap();
        let text = pattern
            .replace("USER", user)
            .replace("PASSWORD", password)
            .replace("SOCKET", &folder.replace('/', "%2F"))
            .replace("FOLDER", &folder)
            .replace("PORT", &port.to_string())
            .replace("CLOSED", &closed.to_string())
            .replace("NAME", &name);
        let (code, said) = migrate(uri(&text)).await;
        assert_eq!(code, Some(0), "{pattern}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_found_in_its_file_and_what_each_server_has_against_it_is_said() {
    let postgres = Postgres::throwaway(PostgresOptions::default())
        .await
        .unwrap();
    let (credentials, name) = login(&postgres).await;
    let (user, password) = credentials.split_once(':').unwrap();
    let port = postgres.port();
    let without = format!("postgresql://{user}@127.0.0.1:{port}/{name}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords");
    let line = format!("127.0.0.1:{port}:*:{user}:{password}\n");
    fs::write(&file, line).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, said) = migrate(uri(&without).set("PGPASSFILE", file.display())).await;
    assert_eq!(code, Some(0), "{said}");
    // Of several servers each has its own.
    let closed = free_port().unwrap();
    let lines = format!("127.0.0.1:{closed}:*:*:another\n127.0.0.1:{port}:*:*:{password}\n");
    fs::write(&file, lines).unwrap();
    let several = format!("postgresql://{user}@127.0.0.1:{closed},127.0.0.1:{port}/{name}");
    let (code, said) = migrate(uri(&several).set("PGPASSFILE", file.display())).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = migrate(uri(&without)).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("password"), "{said}");
    let (code, said) = migrate(uri(&without).set("PGPASSWORD", "wrong")).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("password authentication failed"), "{said}");
    let (one, other) = (free_port().unwrap(), free_port().unwrap());
    let away = format!("postgresql://{user}@127.0.0.1:{one},127.0.0.1:{other}/{name}");
    let (code, said) = migrate(uri(&away)).await;
    assert_eq!(code, Some(1), "{said}");
    for port in [one, other] {
        let story = format!("127.0.0.1:{port}: error connecting to server: Connection refused");
        assert!(said.contains(&story), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_our_certificate_is_shown_it() {
    let options = PostgresOptions {
        tls: true,
        ..Default::default()
    };
    let postgres = Postgres::throwaway(options).await.unwrap();
    let (credentials, name) = login(&postgres).await;
    let (user, _) = credentials.split_once(':').unwrap();
    let clients = Authority::new("Clients").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = |name: &str, authority: &Authority| {
        let identity = authority.client(user).unwrap();
        ClientFiles::write(&folder.path().join(name), authority, &identity).unwrap()
    };
    let (known, unknown) = (
        files("known", &clients),
        files("unknown", &Authority::new("Nobody").unwrap()),
    );
    // The server writes its own files: they lie where only it may.
    let data = postgres.data().display().to_string();
    let copy = |text: &str, file: &str| {
        format!(
            "COPY (SELECT line FROM unnest(string_to_array('{text}', E'\\n')) AS line) TO '{data}/{file}'"
        )
    };
    let rules = "hostssl all websites 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256";
    let statements = [
        copy(&clients.pem(), "clients.pem"),
        copy(rules, "pg_hba.conf"),
        "ALTER SYSTEM SET ssl_ca_file = 'clients.pem'".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
    ];
    execute(&postgres, &statements.each_ref().map(String::as_str)).await;
    eventually("the server has read its settings again", async || {
        let uri = postgres.superuser_uri();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.ok()?;
        tokio::spawn(connection);
        let shown = client.query_one("SHOW ssl_ca_file", &[]).await.ok()?;
        (shown.get::<_, &str>(0) == "clients.pem").then_some(())
    })
    .await;
    let base = format!(
        "postgresql://{user}@127.0.0.1:{}/{name}?sslmode=verify-full&sslrootcert={}",
        postgres.port(),
        postgres.ca_file().unwrap().display()
    );
    let with = |files: &ClientFiles| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        uri(&format!("{base}&sslcert={certificate}&sslkey={key}"))
    };
    let (code, said) = migrate(with(&known)).await;
    assert_eq!(code, Some(0), "{said}");
    for settings in [uri(&base), with(&unknown)] {
        let (code, said) = migrate(settings).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("our certificate") || said.contains("valid client certificate"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_takes_over_goes_on_within_30_s_with_each_record_stored_once() {
    let mut primary = Postgres::throwaway(PostgresOptions::default())
        .await
        .unwrap();
    let database = Database::create_on(&primary).await;
    let standby = Postgres::standby_of(&primary).await.unwrap();
    let (credentials, address) = database.uri.rsplit_once('@').unwrap();
    let (first, name) = address.split_once('/').unwrap();
    // The one that cannot be written stands first, which costs nothing.
    let several = format!("{credentials}@127.0.0.1:{},{first}/{name}", standby.port());
    let topic = Topic::create(2).await;
    let values: Vec<_> = (0..3 * RECORDS)
        .map(|number| original_record(usize::try_from(number).unwrap()))
        .collect();
    let third = usize::try_from(RECORDS).unwrap();
    let mut parts = values.chunks(third);
    let mut write_next = || topic.write(parts.next().unwrap().iter().map(Vec::as_slice));
    write_next();
    let settings = ServiceSettings::consumer(&topic, &database).set("PG_URI", several);
    let mut consumer = Service::start("consumer", &[], &settings);
    consumer
        .await_line(&["serves", "does not allow writes"])
        .await;
    database.await_rows(RECORDS).await;
    let database = Database {
        uri: standby.uri_of(name),
    };
    database.await_rows(RECORDS).await;

    // It is there, takes connections, and never answers.
    primary.pause().unwrap();
    let paused = Instant::now();
    write_next();
    execute(&standby, &["SELECT pg_promote()"]).await;
    database.await_rows(RECORDS + 1).await;
    let noticed = paused.elapsed();
    assert!(noticed < NOTICED_MAX, "noticed after {noticed:?}");
    database.await_rows(2 * RECORDS).await;

    // The old one comes back, and is not gone back to.
    primary.resume().unwrap();
    write_next();
    database.await_rows(3 * RECORDS).await;
    assert_eq!(consumer.terminate().await, Some(0));
    database.assert_accounts(3 * RECORDS).await;
    let distinct = "SELECT count(DISTINCT matched_text) FROM metrics";
    assert_eq!(database.value::<i64>(distinct).await, 3 * RECORDS);
}
