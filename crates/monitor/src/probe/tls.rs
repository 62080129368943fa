//! TLS to sites: whom to trust, and the handshake.

mod verifier;

use std::{io, path::Path, sync::Arc};

use messages::TlsVersion;
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore,
    client::{Resumption, WebPkiServerVerifier},
    crypto::aws_lc_rs,
};
use rustls_pki_types::{CertificateDer, ServerName};
use service::certificates::{self, Lookup};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tracing::warn;

use self::verifier::{Judge, LeafRecorder};
use super::{http::Wire, trace::Trace};

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
    judge: Arc<Judge>,
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
        let verifier = if authorities.is_empty() {
            warn!(
                "This machine trusts no authority (is ca-certificates installed?): every https \
                 site will be tls_untrusted; SSL_CERT_FILE can name a file of authorities"
            );
            None
        } else {
            let (authorities, provider) = (Arc::new(authorities), Arc::clone(&provider));
            Some(WebPkiServerVerifier::builder_with_provider(authorities, provider).build()?)
        };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            // Each handshake gets a verifier of its own, which trusts no more than this.
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        // Every handshake is a whole one: that is what is measured.
        config.resumption = Resumption::disabled();
        let judge = Arc::new(Judge {
            provider,
            verifier,
            extra: extra.to_vec(),
        });
        Ok(Self { config, judge })
    }

    /// Makes the handshake, and says which version of HTTP the site chose.
    pub(super) async fn handshake(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
        offer: Offer,
        trace: &Trace,
    ) -> io::Result<(TlsStream<TcpStream>, Wire)> {
        let mut config = self.config.clone();
        config.alpn_protocols = offer.names();
        let recorder = LeafRecorder {
            judge: Arc::clone(&self.judge),
            trace: trace.clone(),
        };
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(recorder));
        let connector = TlsConnector::from(Arc::new(config));
        let stream = connector.connect(name, stream).await?;
        trace.speaks_tls(version(stream.get_ref().1.protocol_version()));
        let wire = match stream.get_ref().1.alpn_protocol() {
            Some(HTTP2) => Wire::Http2,
            _ => Wire::Http1,
        };
        Ok((stream, wire))
    }
}

/// The version as the record spells it; we speak no other.
fn version(version: Option<ProtocolVersion>) -> Option<TlsVersion> {
    match version? {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
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
