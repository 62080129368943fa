//! A real Apache Kafka: one node that is broker and controller, with data and ports of its own.

mod certificates;
mod client;
mod configuration;
mod programs;
mod sasl;
mod users;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::certificates::{Authority, ClientFiles};
use crate::files::make_folder;
use crate::jars::kafka_jars;
use crate::ports::{kept_ports, noted_ports};
use crate::process::{Daemon, DaemonSettings, Lifetime, Server};
use certificates::Certificates;
use client::Client;
use configuration::Ports;
use sasl::SaslPorts;

pub use configuration::{KafkaOptions, Proxied};
pub use sasl::{SaslListener, SaslUser};

/// Three seconds on an idle machine; a busy one with cold disks needs far more.
const READY_MAX: Duration = Duration::from_secs(90);
const STOP_MAX: Duration = Duration::from_secs(20);

/// An Apache Kafka that this process controls.
#[derive(Debug)]
pub struct Kafka {
    daemon: Daemon,
    folder: PathBuf,
    options: KafkaOptions,
    ports: Ports,
    tls: Option<Certificates>,
    // Dropped last: the folder goes when the broker is gone.
    temporary: Option<TempDir>,
}

impl Kafka {
    /// Starts a broker that ends with this process, and its data with it.
    pub async fn throwaway(options: KafkaOptions) -> Result<Self> {
        let temporary = tempfile::Builder::new()
            .prefix("websites-monitor-kafka-")
            .tempdir()
            .context("making a folder for Kafka's data")?;
        let folder = temporary.path().to_path_buf();
        let mut kafka = Self::open(folder, Lifetime::Guarded, options, Some(temporary))?;
        kafka.start().await?;
        Ok(kafka)
    }

    /// The broker whose data is kept in `folder`, running already or not yet.
    pub fn in_folder(folder: &Path, lifetime: Lifetime) -> Result<Self> {
        Self::open(
            folder.to_path_buf(),
            lifetime,
            KafkaOptions::default(),
            None,
        )
    }

    fn open(
        folder: PathBuf,
        lifetime: Lifetime,
        options: KafkaOptions,
        temporary: Option<TempDir>,
    ) -> Result<Self> {
        make_folder(&folder)?;
        let tls = (options.tls || options.sasl)
            .then(|| Certificates::make(&folder))
            .transpose()?;
        let daemon = Daemon::new(DaemonSettings {
            name: "Kafka",
            marker: folder.join(configuration::FILE),
            folder: folder.clone(),
            lifetime,
            stop_signal: Signal::TERM,
            stop_max: STOP_MAX,
            ready_max: READY_MAX,
            temporary_folder: temporary.as_ref().map(|folder| folder.path().to_path_buf()),
        });
        let noted = noted_ports(&folder.join("ports"))?;
        let mut ports = noted.map(Ports::from).unwrap_or_default();
        if options.sasl {
            ports.sasl = SaslPorts::noted(&folder)?;
        }
        Ok(Self {
            daemon,
            folder,
            options,
            ports,
            tls,
            temporary,
        })
    }

    /// Starts it, on the ports and data of last time, and waits until it answers. A broker that
    /// runs already is only waited for.
    pub async fn start(&mut self) -> Result<()> {
        if !self.daemon.is_running() {
            let jars = kafka_jars().await?;
            self.choose_ports().await?;
            configuration::write(&self.folder, self.ports, self.options)?;
            let arguments = if self.options.sasl {
                sasl::format_arguments()
            } else {
                Vec::new()
            };
            programs::format_once(&self.folder, &jars, arguments).await?;
            let mut command = programs::server_command(&self.folder, &jars);
            self.daemon.spawn(&mut command)?;
        }
        let client = Client::new(&self.bootstrap())?;
        let port = i32::from(self.ports.plaintext);
        self.daemon
            .until_ready(async || client.knows_broker(port).await)
            .await?;
        client.until_groups_ready().await
    }

    /// Keeps the ports of last time. A throwaway broker never changes them: its clients know them.
    async fn choose_ports(&mut self) -> Result<()> {
        if self.temporary.is_none() || self.ports.plaintext == 0 {
            self.ports = kept_ports(&self.folder.join("ports")).await?.into();
            if self.options.sasl {
                self.ports.sasl = Some(SaslPorts::kept(&self.folder).await?);
            }
        }
        Ok(())
    }

    /// `BOOTSTRAP_SERVERS` for `SECURITY_PROTOCOL=PLAINTEXT`.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.ports.plaintext)
    }

    /// `BOOTSTRAP_SERVERS` for `SECURITY_PROTOCOL=SSL`.
    pub fn tls_bootstrap(&self) -> Result<String> {
        self.tls()?;
        Ok(format!("127.0.0.1:{}", self.ports.tls))
    }

    /// `BOOTSTRAP_SERVERS` for `SECURITY_PROTOCOL=SASL_PLAINTEXT` or `SASL_SSL`.
    pub fn sasl_bootstrap(&self, listener: SaslListener) -> Result<String> {
        let ports = self.ports.sasl;
        let ports = ports.context("this Kafka was started without `KafkaOptions::sasl`")?;
        Ok(format!("127.0.0.1:{}", ports.of(listener)))
    }

    /// Lets another user log in by SCRAM-SHA-256.
    pub async fn let_in(&self, user: SaslUser) -> Result<()> {
        users::let_in(user, &self.bootstrap(), &kafka_jars().await?).await
    }

    /// The files of a client that the broker welcomes.
    pub fn client_files(&self) -> Result<&ClientFiles> {
        Ok(&self.tls()?.client)
    }

    /// The authority that signed the broker's certificate and that its clients' must come from.
    pub fn authority(&self) -> Result<&Authority> {
        Ok(&self.tls()?.authority)
    }

    /// Makes a topic, or leaves the one that is there, and waits until each partition has a leader.
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        let client = Client::new(&self.bootstrap())?;
        client.create_topic(name, partitions).await
    }

    /// Removes a topic and its records.
    pub async fn delete_topic(&self, name: &str) -> Result<()> {
        Client::new(&self.bootstrap())?.delete_topic(name).await
    }

    fn tls(&self) -> Result<&Certificates> {
        self.tls
            .as_ref()
            .context("this Kafka was started without `KafkaOptions::tls`")
    }
}

impl Server for Kafka {
    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemon
    }
}
