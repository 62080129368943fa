//! Connections: a pool in which nothing waits without a limit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_postgres::{NoTls, config::SslMode};
use tracing::warn;

use crate::{
    connecting::{Attempts, Connecting, Purpose},
    connector::Connector,
    encryption::TlsSettings,
    errors::{DatabaseError, Login},
    numbers,
    servers::{encrypt, servers},
    serving::{Serving, leave},
    session::limits,
    settings::DatabaseSettings,
    statement::Statement,
};

/// The longest that one attempt at anything may take, all its statements together.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest that asking whether the server is there may take, all waits included: a network that
/// swallows everything is noticed within 30 s, also while all connections are busy finding it out.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection that lay idle may take to show that it still works.
const RECYCLE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait for a connection of the pool.
const POOL_TIMEOUT: Duration = Duration::from_secs(15);
const PING: Statement = Statement::new("asking whether it is there", "SELECT 1");

/// The database: its connections, and what to say of it.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    /// As many as connections may be in use: fewer than the pool's where the server wants it so.
    turns: Arc<Semaphore>,
    turns_count: Arc<AtomicUsize>,
    login: Arc<Login>,
    settings: Arc<DatabaseSettings>,
    serving: Arc<Serving>,
    /// The numbers show the connections of those who write.
    purpose: Purpose,
}

impl Database {
    /// The database that the settings name. Nothing is connected yet.
    pub fn new(settings: &DatabaseSettings) -> anyhow::Result<Self> {
        Self::with(settings.clone(), Purpose::Writing, Arc::default())
    }

    /// The same for who only reads: a few connections of their own to the server to which ours go, which
    /// can write nothing and on which no statement takes long. Nothing is connected yet.
    pub fn for_reading(&self, connections_max: usize) -> anyhow::Result<Self> {
        let settings = DatabaseSettings {
            connections_max,
            ..DatabaseSettings::clone(&self.settings)
        };
        Self::with(settings, Purpose::Reading, Arc::clone(&self.serving))
    }

    fn with(
        settings: DatabaseSettings,
        purpose: Purpose,
        serving: Arc<Serving>,
    ) -> anyhow::Result<Self> {
        let DatabaseSettings {
            connection,
            passwords,
            application_name,
            ..
        } = &settings;
        let servers = servers(connection, passwords, application_name);
        let addresses: Vec<_> = servers.iter().map(|it| it.address.as_str()).collect();
        let login = Login {
            address: addresses.join(", "),
            role: connection.get_user().unwrap_or("the role").to_owned(),
            attempts: Attempts::default(),
        };
        let connecting = Connecting {
            tls: NoTls,
            servers,
            serving: Arc::clone(&serving),
            purpose,
            attempts: Arc::clone(&login.attempts),
        };
        Ok(Self {
            pool: make(&settings, connecting)?,
            turns: Arc::new(Semaphore::new(settings.connections_max)),
            turns_count: Arc::new(AtomicUsize::new(settings.connections_max)),
            login: Arc::new(login),
            settings: Arc::new(settings),
            serving,
            purpose,
        })
    }

    /// Runs statements on a connection of the pool, within a time limit. A connection on which the
    /// limit passed, or which an error spoils, is not used again.
    pub async fn attempt<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let turn = self.turn().await?;
        let connected = self.connection().await;
        self.show();
        let mut client = match connected {
            Ok(client) => client,
            Err(error) => {
                if error.is_limit_of_role() {
                    self.give_up_turn(turn, &error);
                }
                return Err(error);
            }
        };
        let result = timeout(ATTEMPT_TIMEOUT, work(&mut client))
            .await
            .unwrap_or(Err(DatabaseError::Timeout(ATTEMPT_TIMEOUT)));
        if result.as_ref().is_err_and(DatabaseError::spoils_connection) {
            drop(Object::take(client));
            if matches!(result, Err(DatabaseError::Timeout(_))) {
                // The server hangs, or is gone: the others would be found out one by one.
                self.pool.retain(|_, _| false);
            }
        } else {
            drop(client);
        }
        self.show();
        result
    }

    /// Asks the server whether it is there.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        let ping = self.attempt(async |client| PING.run(client).await);
        let late = || Err(DatabaseError::Timeout(PING_TIMEOUT));
        timeout(PING_TIMEOUT, ping).await.unwrap_or_else(|_| late())
    }

    /// What an error means, for a person: what was being done where, each cause, and advice.
    pub fn explain(&self, error: &DatabaseError) -> String {
        error.explain(&self.login)
    }

    /// A connection that is not the pool's any more: it ends with its use.
    pub(crate) async fn detached(&self) -> Result<ClientWrapper, DatabaseError> {
        Ok(Object::take(self.connection().await?))
    }

    async fn connection(&self) -> Result<Object, DatabaseError> {
        self.pool.get().await.map_err(DatabaseError::Connect)
    }

    /// A turn at the connections. One that ends because role or database may have no more of them
    /// is not given again, except the last: whoever wants a connection then waits for it, instead
    /// of failing.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, DatabaseError> {
        let waiting = Waiting::begin();
        let turn = timeout(POOL_TIMEOUT, self.turns.acquire()).await;
        drop(waiting);
        match turn {
            Ok(Ok(turn)) => Ok(turn),
            // Nobody closes the semaphore.
            Ok(Err(_)) | Err(_) => Err(DatabaseError::Timeout(POOL_TIMEOUT)),
        }
    }

    /// Shows how the pool stands.
    #[expect(clippy::cast_precision_loss, reason = "connections are few")]
    fn show(&self) {
        if self.purpose == Purpose::Reading {
            return;
        }
        let status = self.pool.status();
        let connections_max = self.turns_count.load(Ordering::Relaxed);
        for (number, connections) in [
            (numbers::CONNECTIONS_MAX, connections_max),
            (numbers::CONNECTIONS, status.size),
            (numbers::IDLE_CONNECTIONS, status.available),
        ] {
            number.gauge().set(connections as f64);
        }
    }

    fn give_up_turn(&self, turn: SemaphorePermit<'_>, error: &DatabaseError) {
        let one_less = |count: usize| (count > 1).then(|| count - 1);
        let given_up =
            self.turns_count
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        if let Ok(before) = given_up {
            turn.forget();
            warn!(
                "Going on with at most {} connections: {}",
                before - 1,
                self.explain(error)
            );
        }
    }
}

/// Somebody who waits for a turn, until dropped: also whoever is not there any more when it comes.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        numbers::WAITING.gauge().increment(1.0);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        numbers::WAITING.gauge().decrement(1.0);
    }
}

/// Makes the pool; connections are made when they are needed.
fn make(settings: &DatabaseSettings, mut connecting: Connecting<NoTls>) -> anyhow::Result<Pool> {
    let create_timeout = connecting.servers.iter().map(|it| it.timeout).sum();
    let leave = leave(Arc::clone(&connecting.serving));
    let limits = limits(connecting.purpose);
    let config = settings.connection.clone();
    let manage = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = match &settings.tls {
        TlsSettings::Off => {
            encrypt(&mut connecting.servers, SslMode::Disable);
            Manager::from_connect(config, connecting, manage)
        }
        TlsSettings::On(tls) => {
            let mode = if tls.required {
                SslMode::Require
            } else {
                SslMode::Prefer
            };
            encrypt(&mut connecting.servers, mode);
            let connecting = connecting.encrypted(Connector::new(tls)?);
            Manager::from_connect(config, connecting, manage)
        }
    };
    Pool::builder(manager)
        .max_size(settings.connections_max)
        .timeouts(Timeouts {
            wait: Some(POOL_TIMEOUT),
            create: Some(create_timeout),
            recycle: Some(RECYCLE_TIMEOUT),
        })
        .runtime(Runtime::Tokio1)
        .post_create(limits)
        .pre_recycle(leave)
        .build()
        .context("making the pool of connections")
}
