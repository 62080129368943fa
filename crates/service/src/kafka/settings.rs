//! Where Kafka is, and the topic.

use rdkafka::ClientConfig;

use super::security::Security;
use crate::{
    renewal::PemFile,
    settings::{Reader, Setting},
};

/// How long the client trusts what it knows of topics: one made later is found within this time.
const METADATA_AGE_MAX_MS: &str = "5000";
/// The client's own waits between attempts to reconnect.
const RECONNECT_BACKOFF_MS: &str = "100";
const RECONNECT_BACKOFF_MAX_MS: &str = "3000";
/// The longest name that Kafka gives a topic.
const TOPIC_NAME_CHARS_MAX: usize = 249;
const PARTITIONS_MAX: u64 = 10_000;
const REPLICATION_FACTOR_MAX: u64 = 100;

const BOOTSTRAP_SERVERS: Setting = Setting::with_default(
    "BOOTSTRAP_SERVERS",
    "localhost:9092",
    "Kafka brokers to begin with, host:port, separated by commas",
);
const TOPIC_NAME: Setting = Setting::required("TOPIC_NAME", "the topic between the two services");
const TOPIC_PARTITIONS: Setting = Setting::with_default(
    "TOPIC_PARTITIONS",
    "4",
    "partitions of the topic when it has to be made",
);
const TOPIC_REPLICATION_FACTOR: Setting = Setting::optional(
    "TOPIC_REPLICATION_FACTOR",
    "its replication factor then; the broker's default when unset",
);

/// Where Kafka is, how to be let in, and the topic.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub bootstrap_servers: String,
    /// Whether connections are encrypted, and who we are.
    pub security: Security,
    /// The topic's name.
    pub topic: String,
    /// Its partitions when it has to be made.
    pub topic_partitions: i32,
    /// Its replication factor then; `None` for the broker's default.
    pub topic_replication_factor: Option<i32>,
}

impl KafkaSettings {
    /// Reads the settings, and checks the certificate files that they name.
    pub fn read(reader: &mut Reader) -> Self {
        let bootstrap_servers = reader.text(&BOOTSTRAP_SERVERS);
        check_servers(reader, &bootstrap_servers);
        let security = Security::read(reader);
        let topic = read_topic_name(reader, &TOPIC_NAME);
        let topic_partitions = reader.count(&TOPIC_PARTITIONS, 1..=PARTITIONS_MAX);
        let topic_replication_factor =
            reader.optional_count(&TOPIC_REPLICATION_FACTOR, 1..=REPLICATION_FACTOR_MAX);
        Self {
            bootstrap_servers,
            security,
            topic,
            // The bounds above are far below i32's.
            topic_partitions: i32::try_from(topic_partitions).unwrap_or(i32::MAX),
            topic_replication_factor: topic_replication_factor
                .map(|factor| i32::try_from(factor).unwrap_or(i32::MAX)),
        }
    }

    /// What every client of ours begins with.
    pub fn client_config(&self, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap_servers)
            .set("client.id", client_id)
            .set("topic.metadata.refresh.interval.ms", METADATA_AGE_MAX_MS)
            .set("reconnect.backoff.ms", RECONNECT_BACKOFF_MS)
            .set("reconnect.backoff.max.ms", RECONNECT_BACKOFF_MAX_MS)
            // A broker on IPv4 alone is refused on ::1 first for every "localhost".
            .set("broker.address.family", "any")
            .set("socket.keepalive.enable", "true")
            .set("log.connection.close", "false");
        self.security.apply(&mut config);
        config
    }

    /// The files that every client of ours reads when it is made.
    pub fn pem_files(&self) -> Vec<PemFile> {
        self.security.pem_files()
    }

    /// What to check when the brokers cannot be reached or refuse us.
    pub fn advice(&self) -> String {
        let servers = &self.bootstrap_servers;
        format!(
            "check BOOTSTRAP_SERVERS ({servers}){}",
            self.security.advice()
        )
    }
}

fn check_servers(reader: &mut Reader, servers: &str) {
    for server in servers.split(',') {
        let port = server
            .trim()
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty() && !host.contains([';', ' ']));
        if port
            .and_then(|(_, port)| port.parse::<u16>().ok())
            .is_none_or(|port| port == 0)
        {
            reader.problem(
                &BOOTSTRAP_SERVERS,
                format_args!("{server:?} is not host:port"),
            );
        }
    }
}

/// Reads a setting that names a topic, by Kafka's own rules.
pub fn read_topic_name(reader: &mut Reader, setting: &Setting) -> String {
    let text = reader.text(setting);
    // What a file left behind it is no part of it.
    let topic = text.trim();
    let legal = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
    let bad = topic.is_empty() && !text.is_empty()
        || topic.len() > TOPIC_NAME_CHARS_MAX
        || matches!(topic, "." | "..")
        || !topic.chars().all(legal);
    // An empty name was reported as missing.
    if bad {
        reader.problem(
            setting,
            format_args!(
                "{text:?} is no name of a topic: at most {TOPIC_NAME_CHARS_MAX} letters, digits, \
                 dots, underscores and hyphens"
            ),
        );
    }
    topic.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut reader = Reader::from_pairs(pairs);
        let settings = KafkaSettings::read(&mut reader);
        match reader.finish(settings) {
            Ok(_) => Vec::new(),
            Err(invalid) => invalid.problems().to_vec(),
        }
    }

    #[test]
    fn servers_and_topic_are_checked() {
        let found = problems(&[
            ("SECURITY_PROTOCOL", "PLAINTEXT"),
            ("BOOTSTRAP_SERVERS", "kafka:9092,kafka"),
            ("TOPIC_NAME", "a b"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("\"kafka\" is not host:port"), "{found:?}");
        for servers in ["a:9092;b:9092", "a:9092 b:9092", ":9092"] {
            let found = problems(&[
                ("SECURITY_PROTOCOL", "PLAINTEXT"),
                ("BOOTSTRAP_SERVERS", servers),
                ("TOPIC_NAME", " "),
            ]);
            assert_eq!(found.len(), 2, "{found:?}");
        }
    }

    #[test]
    fn a_line_s_end_behind_a_topic_is_no_part_of_it() {
        let mut reader = Reader::from_pairs(&[("TOPIC_NAME", " results\r\n")]);
        assert_eq!(read_topic_name(&mut reader, &TOPIC_NAME), "results");
        assert!(reader.finish(()).is_ok());
    }
}
