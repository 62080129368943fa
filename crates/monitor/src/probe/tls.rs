//! TLS to sites: whom to trust, and what is noted of each handshake.

mod names;
mod sessions;
mod verdicts;
mod verifier;

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    client::{Resumption, WebPkiServerVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_pki_types::CertificateDer;
use service::certificates::{self, Judged, Lookup};
use tracing::warn;

pub(crate) use self::names::refused_name;
use self::{sessions::Forgetful, verdicts::Verdicts, verifier::Recorder};

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Reads authorities to trust beside the system's. The error is a phrase that names the file.
pub fn read_extra_authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let authorities = certificates::read_certificates(file)?;
    let mut store = RootCertStore::empty();
    for authority in &authorities {
        store
            .add(authority.clone())
            .map_err(|error| format!("{} holds a broken certificate: {error}", file.display()))?;
    }
    Ok(authorities)
}

/// TLS as it is spoken to every site.
#[derive(Debug)]
pub(super) struct Tls {
    config: ClientConfig,
    provider: Arc<CryptoProvider>,
    recorder: Recorder,
}

/// Which versions of HTTP are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Http2AndHttp1,
    Http1,
}

impl Tls {
    /// Trusts the system's authorities and these.
    pub(super) fn new(extra: &[CertificateDer<'static>]) -> anyhow::Result<Self> {
        // The usual libraries would read what `SSL_CERT_FILE` names *instead*.
        let mut authorities = certificates::system_authorities(Lookup::BySystem);
        authorities.add_parsable_certificates(extra.iter().cloned());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let authorities = if authorities.is_empty() {
            warn!(
                "This machine trusts no authority (is ca-certificates installed?): every https \
                 site will be tls_untrusted; SSL_CERT_FILE can name a file of authorities"
            );
            None
        } else {
            let (authorities, provider) = (Arc::new(authorities), Arc::clone(&provider));
            Some(WebPkiServerVerifier::builder_with_provider(authorities, provider).build()?)
        };
        let recorder = Recorder {
            authorities,
            extra: extra.to_vec(),
            verdicts: Arc::new(Verdicts::new()),
            verifies: true,
        };
        let verifier = Judged::by(recorder.clone(), Arc::clone(&provider));
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.resumption = Resumption::store(Arc::new(Forgetful));
        Ok(Self {
            config,
            provider,
            recorder,
        })
    }

    /// What a client that offers these versions of HTTP is made of, and that takes any certificate
    /// where it verifies none.
    pub(super) fn config(&self, offer: Offer, verifies: bool) -> ClientConfig {
        let mut config = self.config.clone();
        let recorder = Recorder {
            verifies,
            ..self.recorder.clone()
        };
        let judged = Judged::by(recorder, Arc::clone(&self.provider));
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(judged));
        config.alpn_protocols = offer.names();
        config
    }
}

impl Offer {
    fn names(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http2AndHttp1 => &[HTTP2, HTTP1],
            Self::Http1 => &[HTTP1],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}
