//! TLS of each new connection, with the files as they are then: a renewed certificate needs no restart.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use tokio_postgres::{Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::{info, warn};

use crate::{
    encryption::{Identity, Roots, Tls},
    tls::client_config,
};

type Made = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// Makes the TLS of connections. Its clones share what was read.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: Tls,
    loaded: Arc<Mutex<Loaded>>,
}

/// What was read last.
struct Loaded {
    /// What the files held.
    files: Vec<Vec<u8>>,
    made: MakeRustlsConnect,
}

impl Connector {
    /// Reads the files, which have to be there at first.
    pub(crate) fn new(tls: &Tls) -> anyhow::Result<Self> {
        let loaded = Loaded {
            files: contents(tls),
            made: MakeRustlsConnect::new(client_config(tls)?),
        };
        Ok(Self {
            tls: tls.clone(),
            loaded: Arc::new(Mutex::new(loaded)),
        })
    }

    /// With the files as they are now; as they were where they cannot be used now, as in the middle
    /// of a renewal.
    fn current(&self) -> MakeRustlsConnect {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let files = contents(&self.tls);
        if files != loaded.files {
            match client_config(&self.tls) {
                Ok(config) => {
                    info!("Connections to PostgreSQL use the certificates as renewed on disk");
                    loaded.files = files;
                    loaded.made = MakeRustlsConnect::new(config);
                }
                Err(error) => warn!("Going on with the certificates read before: {error:#}"),
            }
        }
        loaded.made.clone()
    }
}

/// What the files hold; nothing where one cannot be read. They are small, and connections are few.
fn contents(tls: &Tls) -> Vec<Vec<u8>> {
    let roots = match &tls.roots {
        Roots::File(path) => Some(path),
        Roots::System => None,
    };
    let identity = tls.identity.iter();
    let identity = identity.flat_map(|Identity { certificate, key }| [certificate, key]);
    let read = |path: &Path| fs::read(path).unwrap_or_default();
    roots
        .into_iter()
        .chain(identity)
        .map(|path| read(path))
        .collect()
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = Made;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        MakeTlsConnect::<Socket>::make_tls_connect(&mut self.current(), domain)
    }
}
