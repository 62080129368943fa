//! The files that tell a broker what to be.

use std::path::Path;

use anyhow::Result;

use super::certificates::{BROKER_IDENTITY, BROKER_TRUST};
use super::sasl::{self, SaslPorts};
use crate::files;

/// The broker's configuration.
pub(super) const FILE: &str = "server.properties";
/// What it logs and how.
pub(super) const LOGGING_FILE: &str = "log4j2.xml";
/// The records.
pub(super) const DATA: &str = "data";

/// What every broker here has in common: one node, quick to start and small.
const COMMON: &str = "\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,PROXIED:PLAINTEXT,\
SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SASL_PLAIN_ONLY:SASL_PLAINTEXT
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
default.replication.factor=1
min.insync.replicas=1
# A broker that was killed may register again when its last session is over.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=16777216
# A lone consumer need not wait for others to join.
group.initial.rebalance.delay.ms=0
";

/// What kind of broker is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct KafkaOptions {
    /// A second listener that asks each client for its certificate.
    pub tls: bool,
    /// Listeners that ask for a user and a password.
    pub sasl: bool,
    /// Whether a topic comes into being when somebody asks for it (off unless set).
    pub auto_create_topics: bool,
    /// A further plaintext listener, whose clients are sent through a proxy.
    pub proxied: Option<Proxied>,
}

/// A listener that tells its clients another port than its own: a proxy's that leads to it.
#[derive(Clone, Copy, Debug)]
pub struct Proxied {
    /// Where the broker listens for the proxy.
    pub listen: u16,
    /// Where clients are told to connect.
    pub advertise: u16,
}

/// Where the broker listens on 127.0.0.1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ports {
    pub(super) plaintext: u16,
    pub(super) tls: u16,
    pub(super) controller: u16,
    /// Of the listeners that ask for a password, where there are some.
    pub(super) sasl: Option<SaslPorts>,
}

impl From<[u16; 3]> for Ports {
    fn from([plaintext, tls, controller]: [u16; 3]) -> Self {
        Self {
            plaintext,
            tls,
            controller,
            sasl: None,
        }
    }
}

/// Writes them for a broker in `folder`.
pub(super) fn write(folder: &Path, ports: Ports, options: KafkaOptions) -> Result<()> {
    let Ports {
        plaintext,
        tls,
        controller,
        sasl,
    } = ports;
    let auto_create = options.auto_create_topics;
    let at = |name: &str, port: u16| format!("{name}://127.0.0.1:{port}");
    let mut listeners = vec![at("PLAINTEXT", plaintext)];
    let mut more = String::new();
    if options.tls {
        listeners.push(at("SSL", tls));
    }
    if options.tls || options.sasl {
        more += &tls_settings(&folder.display().to_string());
    }
    if let Some(sasl) = sasl {
        listeners.extend(sasl.listeners().map(|(name, port)| at(name, port)));
        more += &sasl::settings();
    }
    let mut advertised = listeners.clone();
    if let Some(proxied) = options.proxied {
        listeners.push(at("PROXIED", proxied.listen));
        advertised.push(at("PROXIED", proxied.advertise));
    }
    listeners.push(at("CONTROLLER", controller));
    let text = format!(
        "{COMMON}\
        controller.quorum.voters=1@127.0.0.1:{controller}\n\
        listeners={listeners}\n\
        advertised.listeners={advertised}\n\
        auto.create.topics.enable={auto_create}\n\
        log.dirs={folder}/{DATA}\n\
        {more}",
        listeners = listeners.join(","),
        advertised = advertised.join(","),
        folder = folder.display(),
    );
    files::write(&folder.join(FILE), &text)?;
    files::write(
        &folder.join(LOGGING_FILE),
        include_str!("../../kafka/log4j2.xml"),
    )
}

fn tls_settings(folder: &str) -> String {
    format!(
        "ssl.client.auth=required\n\
        ssl.keystore.type=PEM\n\
        ssl.keystore.location={folder}/{BROKER_IDENTITY}\n\
        ssl.truststore.type=PEM\n\
        ssl.truststore.location={folder}/{BROKER_TRUST}\n"
    )
}
