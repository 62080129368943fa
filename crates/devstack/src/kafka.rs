//! A real Apache Kafka: one node that is broker and controller, with data and ports of its own.

mod configuration;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::{ClientConfig, TopicPartitionList};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::certificates::{Authority, ClientFiles};
use crate::files::make_folder;
use crate::jars::kafka_jars;
use crate::ports::{kept_ports, noted_ports};
use crate::process::{Daemon, DaemonSettings, Lifetime, POLL_EVERY, in_new_session};
use crate::random;

/// Three seconds on an idle machine; a busy one with cold disks needs far more.
const READY_MAX: Duration = Duration::from_secs(90);
const STOP_MAX: Duration = Duration::from_secs(20);
/// How long one question to the broker may take before the next look at the process.
const ANSWER_MAX: Duration = Duration::from_millis(500);
const TOPIC_MAX: Duration = Duration::from_secs(20);
const GROUPS_MAX: Duration = Duration::from_secs(30);
/// The JVM's first heap and its largest: plenty for what runs on one machine.
const HEAP: [&str; 2] = ["-Xms128m", "-Xmx512m"];

/// What kind of broker is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct KafkaOptions {
    /// A second listener that asks each client for its certificate.
    pub tls: bool,
    /// Whether a topic comes into being when somebody asks for it (off unless set).
    pub auto_create_topics: bool,
}

/// An Apache Kafka that this process controls.
#[derive(Debug)]
pub struct Kafka {
    daemon: Daemon,
    folder: PathBuf,
    options: KafkaOptions,
    ports: Ports,
    tls: Option<KafkaTls>,
    // Dropped last: the folder goes when the broker is gone.
    temporary: Option<TempDir>,
}

/// Who may speak with the broker by TLS.
#[derive(Debug)]
struct KafkaTls {
    authority: Authority,
    client: ClientFiles,
}

/// Where the broker listens on 127.0.0.1.
#[derive(Clone, Copy, Debug, Default)]
struct Ports {
    plaintext: u16,
    tls: u16,
    controller: u16,
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
        let tls = options
            .tls
            .then(|| configuration::make_certificates(&folder))
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
        let ports = noted.map(Ports::from).unwrap_or_default();
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
            self.format_once(&jars).await?;
            self.daemon.spawn(&mut self.server_command(&jars))?;
        }
        let client = Arc::new(admin(&self.bootstrap())?);
        let port = i32::from(self.ports.plaintext);
        let answers = async || {
            let client = Arc::clone(&client);
            tokio::task::spawn_blocking(move || knows_broker(&client, port))
                .await
                .unwrap_or(false)
        };
        self.daemon.until_ready(answers).await?;
        self.until_groups_ready().await
    }

    /// Waits until consumer groups can be joined. The first one to ask makes the broker's own topic
    /// for their offsets, which takes seconds that are better spent here than in a service's start.
    async fn until_groups_ready(&self) -> Result<()> {
        let client: BaseConsumer = client_config(&self.bootstrap())
            .set("group.id", "devstack")
            .create()?;
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition("devstack", 0);
        let asked = move || {
            let deadline = Instant::now() + GROUPS_MAX;
            loop {
                match client.committed_offsets(partitions.clone(), ANSWER_MAX) {
                    Ok(_) => return Ok(()),
                    Err(error) if Instant::now() > deadline => {
                        return Err(error).context("waiting for Kafka's group coordinator");
                    }
                    Err(_) => std::thread::sleep(POLL_EVERY),
                }
            }
        };
        tokio::task::spawn_blocking(asked).await?
    }

    /// Keeps the ports of last time. A throwaway broker never changes them: its clients know them.
    async fn choose_ports(&mut self) -> Result<()> {
        if self.temporary.is_none() || self.ports.plaintext == 0 {
            self.ports = kept_ports(&self.folder.join("ports")).await?.into();
        }
        Ok(())
    }

    /// Stops it in good order. Stopping twice is fine.
    pub async fn stop(&mut self) -> Result<()> {
        self.daemon.stop().await
    }

    /// Ends it by SIGKILL.
    pub async fn kill(&mut self) -> Result<()> {
        self.daemon.kill().await
    }

    /// Freezes it by SIGSTOP: connections stay open and nothing answers.
    pub fn pause(&mut self) -> Result<()> {
        self.daemon.pause()
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&mut self) -> Result<()> {
        self.daemon.resume()
    }

    /// Whether its process is there.
    pub fn is_running(&mut self) -> bool {
        self.daemon.is_running()
    }

    /// Its process id, while it runs.
    pub fn pid(&mut self) -> Option<u32> {
        self.daemon.pid()
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

    /// The files of a client that the broker welcomes.
    pub fn client_files(&self) -> Result<&ClientFiles> {
        Ok(&self.tls()?.client)
    }

    /// The authority that signed the broker's certificate and that its clients' must come from.
    pub fn authority(&self) -> Result<&Authority> {
        Ok(&self.tls()?.authority)
    }

    fn tls(&self) -> Result<&KafkaTls> {
        self.tls
            .as_ref()
            .context("this Kafka was started without `KafkaOptions::tls`")
    }

    /// What the broker says, for a person to read.
    pub fn log_file(&self) -> PathBuf {
        self.daemon.log_file()
    }

    /// Makes a topic, or leaves the one that is there, and waits until each partition has a leader.
    pub async fn create_topic(&self, name: &str, partitions: i32) -> Result<()> {
        let client = Arc::new(admin(&self.bootstrap())?);
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let options = AdminOptions::new().operation_timeout(Some(TOPIC_MAX));
        let made = client.create_topics([&topic], &options).await;
        match made
            .with_context(|| format!("making the topic {name}"))?
            .pop()
        {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
            Some(Err((_, error))) => return Err(anyhow!(error).context(format!("making {name}"))),
            None => bail!("the broker did not say whether it made the topic {name}"),
        }
        let deadline = Instant::now() + TOPIC_MAX;
        loop {
            let (client, topic) = (Arc::clone(&client), name.to_owned());
            if tokio::task::spawn_blocking(move || has_leaders(&client, &topic)).await? {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the topic {name} has no leader for a partition after {TOPIC_MAX:?}");
            }
            tokio::time::sleep(POLL_EVERY).await;
        }
    }

    /// Removes a topic and its records.
    pub async fn delete_topic(&self, name: &str) -> Result<()> {
        let options = AdminOptions::new().operation_timeout(Some(TOPIC_MAX));
        let deleted = admin(&self.bootstrap())?
            .delete_topics(&[name], &options)
            .await;
        match deleted
            .with_context(|| format!("deleting the topic {name}"))?
            .pop()
        {
            Some(Err((_, error))) => Err(anyhow!(error).context(format!("deleting {name}"))),
            _ => Ok(()),
        }
    }

    /// Writes the identity of a new cluster, without which a broker does not start.
    async fn format_once(&self, jars: &Path) -> Result<()> {
        let data = self.folder.join(configuration::DATA);
        if data.join("meta.properties").is_file() {
            return Ok(());
        }
        if data.exists() {
            // Formatting was interrupted: nothing was ever stored here.
            fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
        }
        let mut command = tokio::process::Command::from(Command::new(java()));
        command
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"])
            .arg(jars.join("*"))
            .args([
                "kafka.tools.StorageTool",
                "format",
                "-t",
                &cluster_id()?,
                "-c",
            ])
            .arg(self.folder.join(configuration::FILE))
            .stdin(Stdio::null());
        let output = command.output().await.context(NO_JAVA)?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            bail!("formatting Kafka's data folder failed:\n{}", words.trim());
        }
        Ok(())
    }

    fn server_command(&self, jars: &Path) -> Command {
        let logging = self.folder.join(configuration::LOGGING_FILE);
        let mut command = in_new_session(&java());
        command
            .args(HEAP)
            .args([
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
            ])
            .arg(format!("-Dlog4j2.configurationFile={}", logging.display()))
            .arg("-cp")
            .arg(jars.join("*"))
            .arg("kafka.Kafka")
            .arg(self.folder.join(configuration::FILE))
            .current_dir(&self.folder);
        command
    }
}

impl From<[u16; 3]> for Ports {
    fn from([plaintext, tls, controller]: [u16; 3]) -> Self {
        Self {
            plaintext,
            tls,
            controller,
        }
    }
}

const NO_JAVA: &str = "starting Java (17 or later), which `make setup` installs";

fn java() -> PathBuf {
    match env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    }
}

/// Kafka wants 16 bytes in URL-safe base64, which 22 letters and digits are when the last is one of
/// those that leave no bits over.
fn cluster_id() -> Result<String> {
    Ok(format!("{}A", &random::word()?[..21]))
}

fn client_config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("reconnect.backoff.ms", "20")
        .set("reconnect.backoff.max.ms", "100");
    config
}

fn admin(bootstrap: &str) -> Result<AdminClient<DefaultClientContext>> {
    client_config(bootstrap)
        .create()
        .context("making a client of the local Kafka")
}

fn knows_broker(client: &AdminClient<DefaultClientContext>, port: i32) -> bool {
    client
        .inner()
        .fetch_metadata(None, ANSWER_MAX)
        .is_ok_and(|metadata| {
            metadata
                .brokers()
                .iter()
                .any(|broker| broker.port() == port)
        })
}

fn has_leaders(client: &AdminClient<DefaultClientContext>, topic: &str) -> bool {
    let Ok(metadata) = client.inner().fetch_metadata(Some(topic), ANSWER_MAX) else {
        return false;
    };
    metadata.topics().iter().any(|topic| {
        let partitions = topic.partitions();
        !partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0)
    })
}
