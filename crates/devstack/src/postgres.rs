//! A real PostgreSQL from the system's own programs, with data and a port of its own.

mod account;
mod client;
mod cluster;
mod programs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::certificates::Authority;
use crate::files::{make_folder, write_secret};
use crate::ports::{kept_ports, noted_ports};
use crate::process::{Daemon, DaemonSettings, Lifetime, Server, in_new_session};
use client::{ROLE, connect};
use cluster::{Cluster, SUPERUSER};

const READY_MAX: Duration = Duration::from_mins(1);
const STOP_MAX: Duration = Duration::from_secs(30);

/// What kind of server is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresOptions {
    /// Connections by TLS are possible (others still are).
    pub tls: bool,
    /// It listens at `::1` and at a socket in its [`data`](Postgres::data), too.
    pub everywhere: bool,
    /// What it has confirmed survives a power cut. Without this it is much faster, and still keeps
    /// everything when a process is killed.
    pub durable: bool,
}

/// A PostgreSQL server that this process controls.
#[derive(Debug)]
pub struct Postgres {
    daemon: Daemon,
    folder: PathBuf,
    options: PostgresOptions,
    cluster: Cluster,
    port: u16,
    authority: Option<Authority>,
    // Dropped last: the folder goes when the server is gone.
    temporary: Option<TempDir>,
}

impl Postgres {
    /// Starts a server that ends with this process, and its data with it.
    pub async fn throwaway(options: PostgresOptions) -> Result<Self> {
        let temporary = account::temporary_folder("websites-monitor-postgres-")?;
        let folder = temporary.path().to_path_buf();
        let mut postgres = Self::open(folder, Lifetime::Guarded, options, Some(temporary))?;
        postgres.start().await?;
        Ok(postgres)
    }

    /// Starts a standby: another throwaway server, which holds what `primary` holds, follows it and
    /// can be read, until `SELECT pg_promote()` makes a server of it that stands by itself.
    pub async fn standby_of(primary: &Self) -> Result<Self> {
        let temporary = account::temporary_folder("websites-monitor-postgres-")?;
        let folder = temporary.path().to_path_buf();
        write_secret(&folder.join("password"), primary.cluster.password())?;
        let options = PostgresOptions::default();
        let mut standby = Self::open(folder, Lifetime::Guarded, options, Some(temporary))?;
        standby.cluster.copy_of(&primary.superuser_uri()).await?;
        standby.start().await?;
        Ok(standby)
    }

    /// The server whose data is kept in `folder`, running already or not yet.
    pub fn in_folder(folder: &Path, lifetime: Lifetime) -> Result<Self> {
        let options = PostgresOptions {
            durable: true,
            ..Default::default()
        };
        Self::open(folder.to_path_buf(), lifetime, options, None)
    }

    fn open(
        folder: PathBuf,
        lifetime: Lifetime,
        options: PostgresOptions,
        temporary: Option<TempDir>,
    ) -> Result<Self> {
        make_folder(&folder)?;
        let cluster = Cluster::at(&folder)?;
        let authority = options
            .tls
            .then(|| Authority::new("Local PostgreSQL"))
            .transpose()?;
        let daemon = Daemon::new(DaemonSettings {
            name: "PostgreSQL",
            marker: cluster.data().to_path_buf(),
            folder: folder.clone(),
            lifetime,
            // SIGTERM would wait for the clients to leave.
            stop_signal: Signal::INT,
            stop_max: STOP_MAX,
            ready_max: READY_MAX,
            temporary_folder: temporary.as_ref().map(|folder| folder.path().to_path_buf()),
        });
        let [port] = noted_ports(&folder.join("ports"))?.unwrap_or_default();
        Ok(Self {
            daemon,
            folder,
            options,
            cluster,
            port,
            authority,
            temporary,
        })
    }

    /// Starts it, on the port and data of last time, and waits until it answers. A server that runs
    /// already is only waited for.
    pub async fn start(&mut self) -> Result<()> {
        if !self.daemon.is_running() {
            if self.temporary.is_none() || self.port == 0 {
                [self.port] = kept_ports(&self.folder.join("ports")).await?;
            }
            self.cluster.make_once().await?;
            self.cluster.forget_stranger()?;
            let mut command = in_new_session(&self.cluster.program("postgres"));
            command.args(self.arguments()?);
            self.cluster.as_its_owner(&mut command);
            self.daemon.spawn(&mut command)?;
        }
        let superuser = self.superuser_uri();
        self.daemon
            .until_ready(async || connect(&superuser).await.is_ok())
            .await?;
        client::make_role_once(&superuser, self.cluster.password()).await
    }

    /// `PG_URI` of the database `websites`, as its owner, who is no superuser but may make
    /// databases.
    pub fn uri(&self) -> String {
        self.uri_of(ROLE)
    }

    /// `PG_URI` of another database, as the same role.
    pub fn uri_of(&self, database: &str) -> String {
        format!(
            "postgresql://{ROLE}:{}@{}/{database}",
            self.cluster.password(),
            self.address()
        )
    }

    /// The same server's database `postgres`, as the superuser.
    pub fn superuser_uri(&self) -> String {
        format!(
            "postgresql://{SUPERUSER}:{}@{}/postgres",
            self.cluster.password(),
            self.address()
        )
    }

    /// The file of the authority that signed the server's certificate, for `PG_SSL_CAFILE`.
    pub fn ca_file(&self) -> Result<PathBuf> {
        self.authority
            .as_ref()
            .context("this server was started without `PostgresOptions::tls`")?;
        Ok(self.folder.join("ca.pem"))
    }

    /// The system's program of that name (psql, say) that fits the server.
    pub fn program(&self, name: &str) -> PathBuf {
        self.cluster.program(name)
    }

    /// A connection to the database `websites`, as its owner.
    pub async fn connect(&self) -> Result<Client> {
        connect(&self.uri()).await
    }

    /// Makes an empty database, owned by the services' role, and returns its `PG_URI`.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        client::create_database(&self.connect().await?, name).await?;
        Ok(self.uri_of(name))
    }

    /// Makes a database where it is missing, owned by the services' role.
    pub async fn create_database_once(&self, name: &str) -> Result<()> {
        let client = self.connect().await?;
        if client::has_database(&client, name).await? {
            return Ok(());
        }
        client::create_database(&client, name).await
    }

    /// Where its data really is: elsewhere where its account cannot reach the folder.
    pub fn data(&self) -> &Path {
        self.cluster.data()
    }

    /// The port that it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn arguments(&self) -> Result<Vec<String>> {
        let data = self.cluster.data().display();
        let (addresses, sockets) = if self.options.everywhere {
            ("127.0.0.1,::1", data.to_string())
        } else {
            ("127.0.0.1", String::new())
        };
        let mut settings = vec![
            format!("port={}", self.port),
            format!("listen_addresses={addresses}"),
            format!("unix_socket_directories={sockets}"),
            "logging_collector=off".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
        ];
        if !self.options.durable {
            // Not synchronous_commit=off: a killed server would forget what it has confirmed.
            settings.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
        }
        if let Some(authority) = &self.authority {
            let server = authority.server()?;
            let certificate = self.cluster.write("server.crt", &server.certificate)?;
            let key = self.cluster.write("server.key", &server.key)?;
            crate::files::write(&self.folder.join("ca.pem"), &authority.pem())?;
            settings.push("ssl=on".to_owned());
            settings.push(format!("ssl_cert_file={}", certificate.display()));
            settings.push(format!("ssl_key_file={}", key.display()));
        }
        let mut arguments = vec!["-D".to_owned(), data.to_string()];
        arguments.extend(
            settings
                .into_iter()
                .flat_map(|setting| ["-c".to_owned(), setting]),
        );
        Ok(arguments)
    }
}

impl Server for Postgres {
    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
