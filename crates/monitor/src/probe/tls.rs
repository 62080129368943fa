//! TLS to sites: whom to trust, and the certificate that they show.

use std::{path::Path, sync::Arc};

use messages::Phase;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, NamedGroup, OtherError,
    RootCertStore, SignatureScheme,
    client::{
        ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{self, CryptoProvider, aws_lc_rs},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use service::certificates::{self, Lookup};
use tracing::warn;

use super::client;

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

/// TLS to any site, trusting the system's authorities and these.
pub(super) fn config(extra: &[CertificateDer<'static>]) -> anyhow::Result<ClientConfig> {
    // The usual libraries would read what `SSL_CERT_FILE` names *instead*.
    let mut authorities = certificates::system_authorities(Lookup::BySystem);
    authorities.add_parsable_certificates(extra.iter().cloned());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = if authorities.is_empty() {
        warn!(
            "This machine trusts no authority (is ca-certificates installed?): every https site \
             will be tls_untrusted; SSL_CERT_FILE can name a file of authorities"
        );
        None
    } else {
        let (authorities, provider) = (Arc::new(authorities), Arc::clone(&provider));
        Some(WebPkiServerVerifier::builder_with_provider(authorities, provider).build()?)
    };
    let witness = Witness {
        provider: Arc::clone(&provider),
        verifier,
        extra: extra.to_vec(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(witness))
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    config.resumption = Resumption::store(Arc::new(Forgetful));
    Ok(config)
}

/// Remembers no session, so that every handshake is a whole one: that is what is measured. Being
/// asked for one marks where TCP is done and TLS begins.
#[derive(Debug)]
struct Forgetful;

impl ClientSessionStore for Forgetful {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        if let Some(trace) = client::trace() {
            trace.enter(Phase::Tls);
        }
        None
    }
}

/// Notes the leaf certificate of each handshake, then judges it.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    /// `None` on a machine that trusts nobody.
    verifier: Option<Arc<WebPkiServerVerifier>>,
    extra: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trace) = client::trace() {
            trace.saw_leaf(leaf.clone().into_owned());
        }
        let Some(verifier) = &self.verifier else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        let verdict = verifier.verify_server_cert(leaf, intermediates, name, ocsp_response, now);
        match verdict {
            Err(Error::InvalidCertificate(error))
                if is_about_authority(&error) && self.extra.contains(leaf) =>
            {
                // The operator named this very certificate. It had to be within its dates to get
                // here, so its name is all that is left to see.
                let parsed = ParsedCertificate::try_from(leaf)?;
                verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Whether the verdict is only that nobody trusted signed: what a certificate that is trusted by
/// itself gets, too.
fn is_about_authority(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        // A self-signed certificate that calls itself an authority, as openssl makes them.
        CertificateError::Other(OtherError(error)) => {
            error.to_string().contains("CaUsedAsEndEntity")
        }
        _ => false,
    }
}
