//! Logging in to the brokers by a password.

use rdkafka::ClientConfig;
use secrecy::{ExposeSecret, SecretString};

use super::protocol::Protocol;
use crate::settings::{Reader, Setting, secret_of};

const SASL_MECHANISM: Setting = Setting::with_default(
    "SASL_MECHANISM",
    "PLAIN",
    "how to log in with SASL_SSL or SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
);
const SASL_USERNAME: Setting = Setting::optional("SASL_USERNAME", "as whom to log in then");
const SASL_PASSWORD: Setting = Setting::optional("SASL_PASSWORD", "the password of that user");
const SASL_PASSWORD_FILE: Setting =
    Setting::optional("SASL_PASSWORD_FILE", "a file that holds it, instead");

/// The mechanisms' names, as Kafka has them.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// Who we are, and how we prove it.
#[derive(Clone, Debug)]
pub(super) struct Login {
    mechanism: &'static str,
    username: String,
    password: SecretString,
}

impl Login {
    /// Reads the settings; `None` where the protocol has no login.
    pub(super) fn read(reader: &mut Reader, protocol: Protocol) -> Option<Self> {
        let mechanism = reader.choice(&SASL_MECHANISM, &MECHANISMS.map(|it| (it, it)));
        let username = reader.optional_text(&SASL_USERNAME);
        let password_settings = [&SASL_PASSWORD, &SASL_PASSWORD_FILE];
        let has_password = password_settings
            .map(|it| reader.set_text(it).is_some())
            .contains(&true);
        let password = secret_of(reader, &SASL_PASSWORD, &SASL_PASSWORD_FILE);
        match protocol {
            Protocol::SaslPlaintext if mechanism == "PLAIN" => reader.note(
                &SASL_MECHANISM,
                "PLAIN sends the password as it is, and SASL_PLAINTEXT does not encrypt it",
            ),
            Protocol::SaslSsl | Protocol::SaslPlaintext => {}
            Protocol::Ssl | Protocol::Plaintext => {
                refuse_without_sasl(reader, protocol);
                return None;
            }
        }
        let word = protocol.word();
        if username.is_none() {
            let problem = format!("is not set, and SECURITY_PROTOCOL={word} needs it");
            reader.problem(&SASL_USERNAME, problem);
        }
        // Of one that cannot be read it was said why.
        if !has_password {
            let problem = format!(
                "is not set, nor is SASL_PASSWORD_FILE, and SECURITY_PROTOCOL={word} needs one"
            );
            reader.problem(&SASL_PASSWORD, problem);
        }
        Some(Self {
            mechanism,
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default(),
        })
    }

    pub(super) fn apply(&self, config: &mut ClientConfig) {
        config
            .set("sasl.mechanism", self.mechanism)
            .set("sasl.username", &self.username)
            .set("sasl.password", self.password.expose_secret());
    }

    /// What to check.
    pub(super) fn advice(&self) -> String {
        format!(
            ", and that they let the user {:?} (SASL_USERNAME) log in by {} (SASL_MECHANISM) with \
             the password of SASL_PASSWORD or SASL_PASSWORD_FILE",
            self.username, self.mechanism
        )
    }
}

/// Who sets a user wants to log in; another protocol would not, and nobody would know why.
fn refuse_without_sasl(reader: &mut Reader, protocol: Protocol) {
    let settings = [
        &SASL_MECHANISM,
        &SASL_USERNAME,
        &SASL_PASSWORD,
        &SASL_PASSWORD_FILE,
    ];
    let (word, with_sasl) = match protocol {
        Protocol::Ssl => ("SSL", Protocol::SaslSsl.word()),
        _ => ("PLAINTEXT", Protocol::SaslPlaintext.word()),
    };
    for setting in settings {
        if reader.set_text(setting).is_none() {
            continue;
        }
        let said = format!("is set, and SECURITY_PROTOCOL={word} takes none; {with_sasl} does");
        // The local stack is spoken to like this, also where `.env` is about another Kafka.
        if protocol == Protocol::Plaintext {
            reader.note(setting, said);
        } else {
            reader.problem(setting, said);
        }
    }
}
