//! Connections to the first of the servers that serves, each within a limit of its own: one that hangs
//! costs its turn, and no more.

use std::{
    future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use deadpool_postgres::Connect;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, Config, Error, NoTls, Socket,
    config::LoadBalanceHosts,
    tls::{MakeTlsConnect, TlsConnect},
};
use tracing::{debug, info};

use crate::{causes::causes, servers::Server, serving::Serving};

/// What each of several servers had against it, when the last attempt met none that serves.
pub(crate) type Attempts = Arc<Mutex<String>>;

type Connected = Result<(Client, JoinHandle<()>), Error>;

/// Connects to one of the servers.
pub(crate) struct Connecting<T> {
    pub(crate) tls: T,
    pub(crate) servers: Vec<Server>,
    /// Which one served last: it is asked first.
    pub(crate) serving: Arc<Serving>,
    pub(crate) purpose: Purpose,
    pub(crate) attempts: Attempts,
}

/// What connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Where they lead is where the database is.
    Writing,
    /// They go where the writers went; elsewhere only while nobody answers there.
    Reading,
}

impl Connecting<NoTls> {
    /// The same with TLS.
    pub(crate) fn encrypted<T>(self, tls: T) -> Connecting<T> {
        let Self {
            servers,
            serving,
            purpose,
            attempts,
            ..
        } = self;
        Connecting {
            tls,
            servers,
            serving,
            purpose,
            attempts,
        }
    }
}

impl<T> Connecting<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn connect_to_one(&self) -> Connected {
        let (mut last_error, mut stories) = (None, Vec::new());
        for number in self.order() {
            let server = &self.servers[number];
            let connect = server.config.connect(self.tls.clone());
            let story = match timeout(server.timeout, connect).await {
                // While it was asked, others found that it does not serve: two at once are none.
                Ok(Ok(_)) if stories.is_empty() && self.is_left(number) => {
                    "another one serves since".to_owned()
                }
                Ok(Ok((client, connection))) => {
                    self.note(number, &stories.join("; "));
                    let drive = async move {
                        if let Err(error) = connection.await {
                            // Whoever used it was told.
                            debug!("A connection to PostgreSQL broke: {error}");
                        }
                    };
                    return Ok((client, tokio::spawn(drive)));
                }
                Ok(Err(error)) => {
                    let story = causes(&error);
                    last_error = Some(error);
                    story
                }
                Err(_) => format!("no answer within {} s", server.timeout.as_secs()),
            };
            stories.push(format!("{}: {story}", server.address));
        }
        if self.servers.len() > 1 {
            *self.attempts.lock().unwrap_or_else(PoisonError::into_inner) = stories.join("; ");
        }
        match last_error {
            Some(error) => Err(error),
            // None has answered: the pool's own limit is over at the same time, and says so.
            None => future::pending().await,
        }
    }

    /// Whether connections are to be spread over the servers.
    fn is_spread(&self) -> bool {
        let mut servers = self.servers.iter();
        servers.any(|it| it.config.get_load_balance_hosts() == LoadBalanceHosts::Random)
    }

    /// In which order they are asked.
    fn order(&self) -> impl Iterator<Item = usize> + use<T> {
        let count = self.servers.len();
        let first = if self.is_spread() {
            self.serving.next_turn()
        } else {
            self.serving.number()
        };
        (0..count).map(move |number| (first + number) % count)
    }

    fn is_left(&self, number: usize) -> bool {
        !self.is_spread() && self.serving.number() != number
    }

    /// Notes which one serves, and says so when it is another than before.
    fn note(&self, number: usize, before: &str) {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        if before.is_empty() || self.is_spread() || self.purpose == Purpose::Reading {
            return;
        }
        if self.serving.move_to(number) {
            let address = &self.servers[number].address;
            info!("PostgreSQL at {address} serves ({before})");
        }
    }
}

impl<T> Connect for Connecting<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + Sync,
    T::TlsConnect: Send + Sync,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        Box::pin(self.connect_to_one())
    }
}
