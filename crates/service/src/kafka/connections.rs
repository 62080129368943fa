//! What the Kafka client says of its connections, in our own words.
//!
//! The client says the same thing several times: as a line of its log and as an error, for each
//! address of a name, and with counts of brokers that hold its own book-keeping. What is kept here is
//! one reason for each address, and what is told is one sentence.

use std::collections::BTreeMap;

/// Addresses that are remembered, and of these, named in one sentence.
const ADDRESSES_MAX: usize = 100;
const ADDRESSES_SAID_MAX: usize = 3;
/// What the client calls a broker of which it has only the address that it was given.
const GIVEN_ID: &str = "bootstrap";

/// The addresses that could not be talked to since Kafka was last heard.
#[derive(Debug)]
pub(super) struct Connections {
    /// What to check, whatever the trouble.
    advice: String,
    troubles: BTreeMap<String, Trouble>,
    /// No broker answers. While one does, a connection that failed explains nothing else.
    are_lost: bool,
}

#[derive(Debug)]
struct Trouble {
    reason: String,
    /// The address was told by a broker, and we were not given it.
    is_advertised: bool,
}

impl Connections {
    pub(super) fn new(advice: String) -> Self {
        Self {
            advice,
            troubles: BTreeMap::new(),
            // Nothing was heard yet.
            are_lost: true,
        }
    }

    /// Remembers what the client said, when it is about a connection.
    pub(super) fn note(&mut self, message: &str, given: &str) {
        let Some((broker, reason)) = split(message) else {
            return;
        };
        let Some((address, id)) = broker.rsplit_once('/') else {
            return;
        };
        if self.troubles.len() >= ADDRESSES_MAX && !self.troubles.contains_key(address) {
            return;
        }
        let is_advertised = id != GIVEN_ID && given.split(',').all(|it| it.trim() != address);
        let trouble = Trouble {
            reason: in_short(reason).to_owned(),
            is_advertised,
        };
        self.troubles.insert(address.to_owned(), trouble);
    }

    /// Kafka answers.
    pub(super) fn forget(&mut self) {
        self.troubles.clear();
        self.are_lost = false;
    }

    /// No broker answers any more.
    pub(super) fn lose(&mut self) {
        self.are_lost = true;
    }

    /// What to check when nothing more is known.
    pub(super) fn advice(&self) -> &str {
        &self.advice
    }

    /// Why no broker answers, one sentence, with what to check; `None` when one does, or when no
    /// connection failed.
    pub(super) fn story(&self) -> Option<String> {
        if !self.are_lost {
            return None;
        }
        if let Some(addresses) = self.say(Trouble::is_of_no_login) {
            return Some(format!(
                "no login is taken by {addresses}; check SECURITY_PROTOCOL, or the port in \
                 BOOTSTRAP_SERVERS: SASL is not spoken there"
            ));
        }
        if let Some(addresses) = self.say(Trouble::is_of_login) {
            return Some(format!(
                "our login is refused by {addresses}; {}",
                self.advice
            ));
        }
        let advertised = self.say(|trouble| trouble.is_advertised && !trouble.is_of_tls());
        if let Some(addresses) = advertised {
            return Some(format!(
                "no connection to {addresses}, which the brokers give as their own address; check \
                 the brokers' advertised.listeners, and that this address can be reached from here"
            ));
        }
        let addresses = self.say(|_| true)?;
        Some(format!("no connection to {addresses}; {}", self.advice))
    }

    fn say(&self, which: impl Fn(&Trouble) -> bool) -> Option<String> {
        let chosen: Vec<_> = self.troubles.iter().filter(|(_, it)| which(it)).collect();
        let said: Vec<_> = chosen
            .iter()
            .take(ADDRESSES_SAID_MAX)
            .map(|(address, trouble)| format!("{address} ({})", trouble.reason))
            .collect();
        let more = chosen.len().saturating_sub(said.len());
        match (said.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(said.join(", ")),
            (false, more) => Some(format!("{} and {more} more", said.join(", "))),
        }
    }
}

impl Trouble {
    fn is_of_tls(&self) -> bool {
        self.reason.contains("SSL") || self.reason.contains("certificate")
    }

    /// A broker is there, and asks nobody who he is: this listener is without SASL.
    fn is_of_no_login(&self) -> bool {
        self.reason.contains("not valid in current SASL state")
    }

    /// A broker is there, and does not let us in.
    fn is_of_login(&self) -> bool {
        self.reason.contains("SASL")
    }
}

/// `[thrd:…]: ssl://host:9092/1: what happened (after …)` → `host:9092/1` and what happened.
fn split(message: &str) -> Option<(&str, &str)> {
    let message = match message.strip_prefix("[thrd:") {
        Some(rest) => rest.split_once("]: ")?.1,
        None => message,
    };
    let (broker, reason) = message.split_once(": ")?;
    let broker = broker.rsplit("://").next()?;
    // The coordinator of a group is one of the brokers once more.
    (broker.contains('/') && !broker.contains(' ') && broker.contains(':'))
        .then_some((broker, reason))
}

/// Without what changes from one attempt to the next, so that the same trouble is said in the same
/// words.
fn in_short(reason: &str) -> &str {
    let reason = reason.split(" (after ").next().unwrap_or(reason);
    let reason = match reason.split_once(" failed: ") {
        Some((attempt, cause)) if attempt.starts_with("Connect to ") => cause,
        _ => reason,
    };
    reason.trim_end_matches([':', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "kafka:9092, other:9092";

    fn story(messages: &[&str]) -> Option<String> {
        let mut connections = Connections::new("check BOOTSTRAP_SERVERS".into());
        for message in messages {
            connections.note(message, GIVEN);
        }
        connections.story()
    }

    #[test]
    fn the_same_trouble_is_one_sentence_however_often_and_wherever_it_is_said() {
        let once = story(&[
            "kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused (after \
             0ms in state CONNECT)",
        ]);
        assert_eq!(
            once.as_deref(),
            Some("no connection to kafka:9092 (Connection refused); check BOOTSTRAP_SERVERS")
        );
        let again = story(&[
            "[thrd:kafka:9092/bootstrap]: kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 \
             failed: Connection refused (after 0ms in state CONNECT)",
            "kafka:9092/1: Connect to ipv6#[fe80::1]:9092 failed: Connection refused (after 3ms in \
             state CONNECT, 1 identical error(s) suppressed)",
        ]);
        assert_eq!(again, once);
    }

    #[test]
    fn an_address_that_only_the_brokers_know_is_named_as_theirs() {
        let story = story(&[
            "kafka:9092/bootstrap: Disconnected (after 3ms in state UP)",
            "inner:29092/1: Failed to resolve 'inner:29092': Name or service not known (after 5ms \
             in state CONNECT)",
        ])
        .unwrap();
        assert!(story.starts_with("no connection to inner:29092 (Failed to resolve"));
        assert!(story.contains("advertised.listeners"), "{story}");
        assert!(!story.contains("(after"), "{story}");
    }

    #[test]
    fn a_certificate_that_is_refused_comes_with_the_advice_on_files() {
        let story = story(&[
            "[thrd:ssl://inner:9093/1]: ssl://inner:9093/1: SSL handshake failed: error:0A000086: \
             certificate verify failed: broker certificate could not be verified (after 7ms in \
             state SSL_HANDSHAKE)",
        ])
        .unwrap();
        assert!(story.contains("certificate verify failed"), "{story}");
        assert!(story.ends_with("check BOOTSTRAP_SERVERS"), "{story}");
    }

    #[test]
    fn a_login_that_is_refused_is_no_trouble_of_the_network() {
        let story = story(&[
            "sasl_plaintext://kafka:9092/bootstrap: SASL authentication error: Authentication \
             failed: Invalid username or password (after 314ms in state AUTH_REQ)",
            "inner:29092/1: Connect to ipv4#10.0.0.1:29092 failed: Connection refused (after 0ms)",
        ]);
        assert_eq!(
            story.as_deref(),
            Some(
                "our login is refused by kafka:9092 (SASL authentication error: Authentication \
                 failed: Invalid username or password); check BOOTSTRAP_SERVERS"
            )
        );
    }

    #[test]
    fn a_login_where_none_is_asked_for_is_no_matter_of_the_password() {
        let story = story(&[
            "sasl_plaintext://kafka:9092/bootstrap: SASL SCRAM-SHA-256 mechanism handshake failed: \
             Broker: Request not valid in current SASL state: broker's supported mechanisms:  (after \
             5ms in state AUTH_HANDSHAKE)",
        ])
        .unwrap();
        assert!(
            story.starts_with("no login is taken by kafka:9092 (SASL SCRAM"),
            "{story}"
        );
        assert!(story.contains("check SECURITY_PROTOCOL"), "{story}");
    }

    #[test]
    fn what_is_about_no_connection_is_none() {
        assert_eq!(story(&["2/2 brokers are down"]), None);
        assert_eq!(
            story(&["[thrd:main]: Group \"g\": coordinator load in progress: retrying"]),
            None
        );
    }

    #[test]
    fn a_sentence_names_a_few_addresses_and_counts_the_others() {
        let messages: Vec<_> = (0..ADDRESSES_MAX + 5)
            .map(|number| format!("b{number}:9092/{number}: Connection setup timed out"))
            .collect();
        let messages: Vec<_> = messages.iter().map(String::as_str).collect();
        let story = story(&messages).unwrap();
        assert!(story.contains("and 97 more"), "{story}");
    }
}
