//! What `SECURITY_PROTOCOL` says.

use crate::settings::{Reader, Setting};

const SECURITY_PROTOCOL: Setting = Setting::with_default(
    "SECURITY_PROTOCOL",
    "SSL",
    "SSL (mutual TLS), SASL_SSL (TLS and a password), SASL_PLAINTEXT or PLAINTEXT",
);

/// What `SECURITY_PROTOCOL` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ssl,
    SaslSsl,
    SaslPlaintext,
    Plaintext,
}

impl Protocol {
    const ALL: [Self; 4] = [
        Self::Ssl,
        Self::SaslSsl,
        Self::SaslPlaintext,
        Self::Plaintext,
    ];

    pub(super) fn read(reader: &mut Reader) -> Self {
        let words = Self::ALL.map(|protocol| (protocol.word(), protocol));
        reader.choice(&SECURITY_PROTOCOL, &words)
    }

    /// By the word that Kafka's own clients have for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ssl => "SSL",
            Self::SaslSsl => "SASL_SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::Plaintext => "PLAINTEXT",
        }
    }
}
