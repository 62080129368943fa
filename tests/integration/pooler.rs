//! A pooler between the consumer and PostgreSQL.

use std::{
    env, fs,
    io::{self, Write as _},
    process::Command,
    str,
};

use tokio_postgres::{Config, config::Host};

use crate::support::{Database, Service, ServiceSettings, Topic};

/// A PgBouncer in front of a database, and the `PG_URI` of that.
async fn pooler(database: &Database, mode: &str) -> (Service, String) {
    let config: Config = database.uri.parse().unwrap();
    let Host::Tcp(host) = &config.get_hosts()[0] else {
        panic!("the shared server listens on loopback");
    };
    let (user, name) = (config.get_user().unwrap(), config.get_dbname().unwrap());
    let (server_port, port) = (config.get_ports()[0], devstack::free_port().unwrap());
    let password = str::from_utf8(config.get_password().unwrap()).unwrap();
    let settings = format!(
        "[databases]\n\
         {name} = host={host} port={server_port} user={user} password={password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = {mode}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgbouncer.ini");
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("pgbouncer");
    if rustix::process::geteuid().is_root() {
        // It does not work as root.
        command.args(["-u", "nobody"]);
    }
    command.arg(&file);
    let pooler = Service::spawn("pgbouncer", command, folder);
    pooler.await_line(&["process up"]).await;
    let uri = format!("postgresql://{user}@127.0.0.1:{port}/{name}?sslmode=disable");
    (pooler, uri)
}

fn is_installed() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join("pgbouncer").exists())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_shares_sessions_is_refused_in_words_and_another_is_well() {
    if !is_installed() {
        writeln!(io::stderr(), "skipped: pgbouncer is not installed").unwrap();
        return;
    }
    let (topic, database) = (Topic::named().await, Database::create().await);
    for (mode, status) in [("session", 0), ("transaction", 2)] {
        let (_pooler, uri) = pooler(&database, mode).await;
        let settings = ServiceSettings::consumer(&topic, &database).set("PG_URI", uri);
        let (code, _, errors) = Service::run("consumer", &["migrate"], &settings).await;
        assert_eq!(code, Some(status), "{mode}: {errors}");
        assert_eq!(
            errors.contains("pool_mode = session"),
            status == 2,
            "{mode}: {errors}"
        );
    }
}
