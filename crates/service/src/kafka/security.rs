//! How a broker is spoken to: encrypted or not, and as whom.

use rdkafka::ClientConfig;

use super::{login::Login, protocol::Protocol, tls::Tls};
use crate::{renewal::PemFile, settings::Reader};

/// How a broker is spoken to; without encryption and nameless unless read otherwise.
#[derive(Clone, Debug, Default)]
pub struct Security {
    tls: Option<Tls>,
    login: Option<Login>,
}

impl Security {
    /// Reads the settings, and checks the files that they name.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let protocol = Protocol::read(reader);
        // Each is read whatever the protocol: `--help` lists what is read.
        Self {
            tls: Tls::read(reader, protocol),
            login: Login::read(reader, protocol),
        }
    }

    /// Tells a client of it.
    pub(super) fn apply(&self, config: &mut ClientConfig) {
        config.set("security.protocol", self.protocol().word());
        if let Some(tls) = &self.tls {
            tls.apply(config);
        }
        if let Some(login) = &self.login {
            login.apply(config);
        }
    }

    /// The files that a client reads when it is made.
    pub(super) fn pem_files(&self) -> Vec<PemFile> {
        self.tls.iter().flat_map(Tls::pem_files).collect()
    }

    /// What else to check when the brokers cannot be reached or refuse us: it goes on from what is to
    /// be checked first.
    pub(super) fn advice(&self) -> String {
        let protocol = self.protocol();
        let mut advice = match protocol {
            // A client is told by what it lacks.
            Protocol::Ssl => String::new(),
            _ => format!(", that the brokers speak {} there", protocol.word()),
        };
        if let Some(tls) = &self.tls {
            advice += &tls.advice();
        }
        if let Some(login) = &self.login {
            advice += &login.advice();
        }
        advice
    }

    fn protocol(&self) -> Protocol {
        match (&self.tls, &self.login) {
            (Some(_), None) => Protocol::Ssl,
            (Some(_), Some(_)) => Protocol::SaslSsl,
            (None, Some(_)) => Protocol::SaslPlaintext,
            (None, None) => Protocol::Plaintext,
        }
    }
}

#[cfg(test)]
mod tests;
