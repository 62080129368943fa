//! Where Kafka is and how to log in.

use std::path::PathBuf;

use rdkafka::ClientConfig;

use crate::{
    certificates,
    renewal::{PemFile, Taken},
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
const SECURITY_PROTOCOL: Setting =
    Setting::with_default("SECURITY_PROTOCOL", "SSL", "SSL (mutual TLS) or PLAINTEXT");
const SSL_CAFILE: Setting = Setting::with_default(
    "SSL_CAFILE",
    "kafka_certs/ca.pem",
    "the authority that signed the brokers' certificates, PEM",
);
const SSL_CERTFILE: Setting = Setting::with_default(
    "SSL_CERTFILE",
    "kafka_certs/service.cert",
    "our certificate, PEM",
);
const SSL_KEYFILE: Setting = Setting::with_default(
    "SSL_KEYFILE",
    "kafka_certs/service.key",
    "our certificate's private key, PEM without passphrase",
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

/// Where Kafka is, how to log in, and the topic.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub bootstrap_servers: String,
    /// How to log in.
    pub security: Security,
    /// The topic's name.
    pub topic: String,
    /// Its partitions when it has to be made.
    pub topic_partitions: i32,
    /// Its replication factor then; `None` for the broker's default.
    pub topic_replication_factor: Option<i32>,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Security {
    /// No TLS, no login.
    Plaintext,
    /// Mutual TLS.
    Ssl {
        /// The authority that signed the brokers' certificates.
        authority: PathBuf,
        /// Our certificate.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

impl KafkaSettings {
    /// Reads the settings, and checks the certificate files that they name.
    pub fn read(reader: &mut Reader) -> Self {
        let bootstrap_servers = reader.text(&BOOTSTRAP_SERVERS);
        check_servers(reader, &bootstrap_servers);
        let security = read_security(reader);
        let topic = reader.text(&TOPIC_NAME);
        check_topic_name(reader, &topic);
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
        match &self.security {
            Security::Plaintext => config.set("security.protocol", "plaintext"),
            Security::Ssl {
                authority,
                certificate,
                key,
            } => config
                .set("security.protocol", "ssl")
                .set("ssl.ca.location", authority.to_string_lossy())
                .set("ssl.certificate.location", certificate.to_string_lossy())
                .set("ssl.key.location", key.to_string_lossy()),
        };
        config
    }

    /// The files that every client of ours reads when it is made.
    pub fn pem_files(&self) -> Vec<PemFile> {
        let Security::Ssl {
            authority,
            certificate,
            key,
        } = &self.security
        else {
            return Vec::new();
        };
        let settings = [&SSL_CAFILE, &SSL_CERTFILE, &SSL_KEYFILE];
        let files = settings.into_iter().zip([authority, certificate, key]);
        let files = files.map(|(setting, path)| PemFile {
            setting: setting.name,
            path: path.clone(),
            taken: Taken::AtStart,
        });
        files.collect()
    }

    /// What to check when the brokers cannot be reached or refuse us.
    pub fn advice(&self) -> String {
        let servers = &self.bootstrap_servers;
        match &self.security {
            Security::Plaintext => format!(
                "check BOOTSTRAP_SERVERS ({servers}) and that the brokers speak PLAINTEXT there"
            ),
            Security::Ssl {
                authority,
                certificate,
                key,
            } => format!(
                "check BOOTSTRAP_SERVERS ({servers}), that {} (SSL_CAFILE) signed the brokers' \
                 certificates, and that the brokers accept {} with {} (SSL_CERTFILE, SSL_KEYFILE)",
                authority.display(),
                certificate.display(),
                key.display(),
            ),
        }
    }
}

fn read_security(reader: &mut Reader) -> Security {
    if !reader.choice(&SECURITY_PROTOCOL, &[("SSL", true), ("PLAINTEXT", false)]) {
        return Security::Plaintext;
    }
    let authority = reader.path(&SSL_CAFILE);
    let certificate = reader.path(&SSL_CERTFILE);
    let key = reader.path(&SSL_KEYFILE);
    if let Err(problem) = certificates::read_authorities(&authority) {
        reader.problem(&SSL_CAFILE, problem);
    }
    let chain = certificates::read_certificates(&certificate);
    if let Err(problem) = &chain {
        reader.problem(&SSL_CERTFILE, problem);
    }
    let pair = certificates::read_key(&key).and_then(|private_key| match &chain {
        Ok(chain) if !certificates::is_pair(chain, private_key) => Err(format!(
            "{} is not the key of the certificate in {} (SSL_CERTFILE)",
            key.display(),
            certificate.display()
        )),
        _ => Ok(()),
    });
    if let Err(problem) = pair {
        reader.problem(&SSL_KEYFILE, problem);
    }
    Security::Ssl {
        authority,
        certificate,
        key,
    }
}

fn check_servers(reader: &mut Reader, servers: &str) {
    for server in servers.split(',') {
        let port = server
            .trim()
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty());
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

fn check_topic_name(reader: &mut Reader, topic: &str) {
    let legal = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
    let bad = topic.len() > TOPIC_NAME_CHARS_MAX
        || matches!(topic, "." | "..")
        || !topic.chars().all(legal);
    // An empty name was reported as missing.
    if bad {
        reader.problem(
            &TOPIC_NAME,
            format_args!(
                "{topic:?} is no name of a topic: at most {TOPIC_NAME_CHARS_MAX} letters, digits, \
                 dots, underscores and hyphens"
            ),
        );
    }
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
    fn plaintext_needs_no_certificates() {
        let found = problems(&[("SECURITY_PROTOCOL", "plaintext"), ("TOPIC_NAME", "checks")]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn each_missing_certificate_file_is_named_with_its_setting() {
        let found = problems(&[
            ("TOPIC_NAME", "checks"),
            ("SSL_CAFILE", "/nonexistent/ca.pem"),
            ("SSL_CERTFILE", "/nonexistent/service.cert"),
            ("SSL_KEYFILE", "/nonexistent/service.key"),
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            found[0].starts_with("SSL_CAFILE: cannot read /nonexistent/ca.pem"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("SSL_CERTFILE: cannot read"),
            "{found:?}"
        );
        assert!(
            found[2].starts_with("SSL_KEYFILE: cannot read"),
            "{found:?}"
        );
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
    }
}
