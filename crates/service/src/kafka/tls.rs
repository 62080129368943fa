//! TLS to the brokers: whom we trust, and the certificate that we show.

use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;

use super::protocol::Protocol;
use crate::{
    certificates,
    renewal::{PemFile, Taken},
    settings::{Reader, Setting},
};

const SSL_CAFILE: Setting = Setting::with_default(
    "SSL_CAFILE",
    "kafka_certs/ca.pem",
    "the authority that signed the brokers' certificates, PEM; with SASL_SSL those that the system \
     trusts when unset",
);
const SSL_CERTFILE: Setting = Setting::with_default(
    "SSL_CERTFILE",
    "kafka_certs/service.cert",
    "our certificate, PEM; with SASL_SSL none when unset",
);
const SSL_KEYFILE: Setting = Setting::with_default(
    "SSL_KEYFILE",
    "kafka_certs/service.key",
    "our certificate's private key, PEM without passphrase",
);
/// What makes the client look for the system's authorities where systems keep them.
const PROBE: &str = "probe";

/// Whom we trust, and the certificate that we show.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    /// The authority that signed the brokers' certificates; `None` for those that the system trusts.
    authority: Option<PathBuf>,
    identity: Option<Identity>,
}

/// Our certificate and its private key.
#[derive(Clone, Debug)]
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// Reads the settings, and checks the files that they name; `None` where nothing is encrypted.
    pub(super) fn read(reader: &mut Reader, protocol: Protocol) -> Option<Self> {
        let settings = [&SSL_CAFILE, &SSL_CERTFILE, &SSL_KEYFILE];
        let [authority, certificate, key] = match protocol {
            // Mutual TLS: each has a place where it is looked for.
            Protocol::Ssl => settings.map(|setting| Some(reader.path(setting))),
            // A password says who we are. Public services have public authorities.
            Protocol::SaslSsl => {
                settings.map(|setting| reader.set_text(setting).map(PathBuf::from))
            }
            Protocol::SaslPlaintext | Protocol::Plaintext => return None,
        };
        if let Some(authority) = &authority
            && let Err(problem) = certificates::read_authorities(authority)
        {
            reader.problem(&SSL_CAFILE, problem);
        }
        Some(Self {
            authority,
            identity: read_identity(reader, certificate, key),
        })
    }

    pub(super) fn apply(&self, config: &mut ClientConfig) {
        let authority = self.authority.as_deref().unwrap_or(Path::new(PROBE));
        config.set("ssl.ca.location", authority.to_string_lossy());
        if let Some(Identity { certificate, key }) = &self.identity {
            config
                .set("ssl.certificate.location", certificate.to_string_lossy())
                .set("ssl.key.location", key.to_string_lossy());
        }
    }

    /// The files that a client reads when it is made.
    pub(super) fn pem_files(&self) -> Vec<PemFile> {
        let identity = self.identity.iter();
        let identity =
            identity.flat_map(|it| [(&SSL_CERTFILE, &it.certificate), (&SSL_KEYFILE, &it.key)]);
        let authority = self.authority.iter().map(|it| (&SSL_CAFILE, it));
        let files = authority.chain(identity).map(|(setting, path)| PemFile {
            setting: setting.name,
            path: path.clone(),
            taken: Taken::AtStart,
        });
        files.collect()
    }

    /// What to check.
    pub(super) fn advice(&self) -> String {
        let authority = match &self.authority {
            Some(path) => format!(
                ", that {} (SSL_CAFILE) signed the brokers' certificates",
                path.display()
            ),
            None => ", that an authority which the system trusts signed the brokers' certificates \
                     (SSL_CAFILE names another)"
                .into(),
        };
        let Some(Identity { certificate, key }) = &self.identity else {
            return authority;
        };
        format!(
            "{authority}, and that the brokers accept {} with {} (SSL_CERTFILE, SSL_KEYFILE)",
            certificate.display(),
            key.display()
        )
    }
}

fn read_identity(
    reader: &mut Reader,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Option<Identity> {
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return None,
        (Some(_), None) => {
            reader.problem(&SSL_KEYFILE, "is not set, and SSL_CERTFILE is");
            return None;
        }
        (None, Some(_)) => {
            reader.problem(&SSL_CERTFILE, "is not set, and SSL_KEYFILE is");
            return None;
        }
    };
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
    Some(Identity { certificate, key })
}
