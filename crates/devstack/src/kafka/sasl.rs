//! Listeners that ask for a user and a password.

use std::path::Path;

use anyhow::Result;

use crate::ports::{kept_ports, noted_ports};

/// Who may log in by each mechanism.
const USER: &str = "websites";
const PASSWORD: &str = "a-password-of-the-local-stack";
pub(super) const SCRAM: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
const PLAIN: &str = "PLAIN";
/// Where the ports are noted.
const PORTS_FILE: &str = "sasl-ports";

/// A listener that asks for a user and a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaslListener {
    /// Not encrypted, with every mechanism.
    Plaintext,
    /// Encrypted, with every mechanism.
    Tls,
    /// Not encrypted, and PLAIN alone.
    PlainOnly,
}

/// A user and a password that each listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaslUser {
    /// The user.
    pub name: &'static str,
    /// The password.
    pub password: &'static str,
}

impl SaslUser {
    /// The one who is there from the beginning.
    pub const FIRST: Self = Self {
        name: USER,
        password: PASSWORD,
    };

    /// For Kafka's programs: what this user's passwords are by a mechanism.
    pub(super) fn credentials(self, mechanism: &str, name: bool) -> String {
        let Self {
            name: user,
            password,
        } = self;
        let name = if name {
            format!("name={user},")
        } else {
            String::new()
        };
        format!("{mechanism}=[{name}password={password}]")
    }
}

/// Where the broker listens on 127.0.0.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct SaslPorts([u16; 3]);

impl SaslPorts {
    /// Those of last time, or new ones.
    pub(super) async fn kept(folder: &Path) -> Result<Self> {
        Ok(Self(kept_ports(&folder.join(PORTS_FILE)).await?))
    }

    /// Those of last time.
    pub(super) fn noted(folder: &Path) -> Result<Option<Self>> {
        Ok(noted_ports(&folder.join(PORTS_FILE))?.map(Self))
    }

    pub(super) fn of(self, listener: SaslListener) -> u16 {
        let Self([plaintext, tls, plain_only]) = self;
        match listener {
            SaslListener::Plaintext => plaintext,
            SaslListener::Tls => tls,
            SaslListener::PlainOnly => plain_only,
        }
    }

    /// Each listener's name and port.
    pub(super) fn listeners(self) -> [(&'static str, u16); 3] {
        [
            ("SASL_PLAINTEXT", self.of(SaslListener::Plaintext)),
            ("SASL_SSL", self.of(SaslListener::Tls)),
            ("SASL_PLAIN_ONLY", self.of(SaslListener::PlainOnly)),
        ]
    }
}

/// What a broker is told of them.
pub(super) fn settings() -> String {
    let all = [PLAIN, SCRAM[0], SCRAM[1]].join(",");
    let modules = "org.apache.kafka.common.security";
    let mut lines = Vec::new();
    for (listener, mechanisms) in [
        ("sasl_plaintext", all.as_str()),
        ("sasl_ssl", &all),
        ("sasl_plain_only", PLAIN),
    ] {
        let name = format!("listener.name.{listener}");
        lines.push(format!("{name}.sasl.enabled.mechanisms={mechanisms}\n"));
        lines.push(format!(
            "{name}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required \
            user_{USER}=\"{PASSWORD}\";\n"
        ));
        for mechanism in mechanisms.split(',').filter(|it| *it != PLAIN) {
            let mechanism = mechanism.to_ascii_lowercase();
            lines.push(format!(
                "{name}.{mechanism}.sasl.jaas.config={modules}.scram.ScramLoginModule required;\n"
            ));
        }
    }
    lines.concat()
}

/// What the folder of a new broker is made with, so that it knows the first user from the beginning.
pub(super) fn format_arguments() -> Vec<String> {
    let credentials = SCRAM.map(|mechanism| SaslUser::FIRST.credentials(mechanism, true));
    let arguments = credentials.into_iter();
    arguments
        .flat_map(|it| ["--add-scram".to_owned(), it])
        .collect()
}
