//! Connections: a pool in which nothing waits without a limit.

use std::time::Duration;

use anyhow::Context;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
};

use crate::{
    settings::{DatabaseSettings, TlsSettings},
    tls,
};

/// PostgreSQL's own.
const PORT: u16 = 5432;
/// How long a connection may take: TCP, TLS, login. A stopped server accepts and never answers.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for a connection of the pool.
const POOL_TIMEOUT: Duration = Duration::from_secs(15);
/// When the network is silent for so long, a connection is dead.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);
/// Limits on the server's side, for when we are gone or our own limits passed: a statement, a lock,
/// and a transaction that nobody goes on with.
const SESSION: &str = "SET statement_timeout = '60s'; SET lock_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '60s'; \
                       SET client_min_messages = 'warning'";

/// Where the server is, for a person: hosts and ports, never a password.
pub fn address(connection: &Config) -> String {
    let hosts = connection.get_hosts().iter().enumerate();
    let addresses: Vec<_> = hosts
        .map(|(number, host)| {
            let ports = connection.get_ports();
            let port = ports.get(number).or(ports.first()).unwrap_or(&PORT);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(folder) => format!("{}, port {port}", folder.display()),
            }
        })
        .collect();
    addresses.join(", ")
}

/// Makes the pool; connections are made when they are needed.
pub fn make(settings: &DatabaseSettings) -> anyhow::Result<Pool> {
    let mut config = settings.connection.clone();
    config
        .application_name(settings.application_name)
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(TCP_USER_TIMEOUT);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    let manage = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match &settings.tls {
        TlsSettings::Off => {
            config.ssl_mode(SslMode::Disable);
            Manager::from_config(config, NoTls, manage)
        }
        TlsSettings::On {
            required,
            verification,
            roots,
        } => {
            let mode = if *required {
                SslMode::Require
            } else {
                SslMode::Prefer
            };
            config.ssl_mode(mode);
            Manager::from_config(config, tls::connector(*verification, roots)?, manage)
        }
    };
    let prepare = Hook::async_fn(|client, _| {
        Box::pin(async move {
            let prepared = client.batch_execute(SESSION).await;
            prepared.map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .max_size(settings.connections_max)
        .timeouts(Timeouts {
            wait: Some(POOL_TIMEOUT),
            create: Some(CONNECT_TIMEOUT),
            recycle: Some(CONNECT_TIMEOUT),
        })
        .runtime(Runtime::Tokio1)
        .post_create(prepare)
        .build()
        .context("making the pool of connections")
}
