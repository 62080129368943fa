//! TLS to PostgreSQL, with as much checking as `sslmode` asks for.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use service::certificates::{self, Lookup};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::{Roots, Verification};

/// A connector that checks the server's certificate as told.
pub(crate) fn connector(
    verification: Verification,
    roots: &Roots,
) -> anyhow::Result<MakeRustlsConnect> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let check: Arc<dyn ServerCertVerifier> = match verification {
        Verification::Nothing => Arc::new(Unchecked {
            provider: Arc::clone(&provider),
        }),
        Verification::Chain | Verification::ChainAndName => Arc::new(Checked {
            names: verification == Verification::ChainAndName,
            ..Checked::new(roots, &provider)?
        }),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("setting up TLS to PostgreSQL")?
        .dangerous()
        .with_custom_certificate_verifier(check)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Checks the chain, and the name where that is asked for.
#[derive(Debug)]
struct Checked {
    web: Arc<WebPkiServerVerifier>,
    /// Certificates that the operator trusts by name of the file: a server's own one may be there.
    pinned: Vec<CertificateDer<'static>>,
    names: bool,
}

impl Checked {
    fn new(roots: &Roots, provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let (store, pinned) = match roots {
            // As for libpq, to which `sslrootcert=system` is what OpenSSL's programs trust.
            Roots::System => (
                certificates::system_authorities(Lookup::ByEnvironment),
                Vec::new(),
            ),
            Roots::File(path) => (
                certificates::read_authorities(path).map_err(|problem| anyhow!(problem))?,
                certificates::read_certificates(path).map_err(|problem| anyhow!(problem))?,
            ),
        };
        let web =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
                .build()
                .context("no authority is known that could have signed PostgreSQL's certificate")?;
        Ok(Self {
            web,
            pinned,
            names: true,
        })
    }
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // A server's self-signed certificate, named as the authority: OpenSSL takes it, while the
        // web's rules refuse an authority's certificate in a server's hand.
        if self.pinned.iter().any(|pinned| pinned == certificate) {
            if self.names {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let checked = self
            .web
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        match checked {
            // The chain is checked before the name.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.names => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.web
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.web
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.web.supported_verify_schemes()
    }
}

/// Believes any certificate, as `sslmode=require` does: against listeners, not against impostors.
#[derive(Debug)]
struct Unchecked {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
