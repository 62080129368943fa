//! Whose certificates are trusted, and what is noted of each.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{self, CryptoProvider},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::probe::trace::Trace;

/// Notes the leaf certificate of one handshake on the probe's trace, also of one that fails, then
/// has it judged.
#[derive(Debug)]
pub(super) struct LeafRecorder {
    pub(super) judge: Arc<Judge>,
    pub(super) trace: Trace,
}

/// Judges the certificates of all sites.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) provider: Arc<CryptoProvider>,
    /// `None` on a machine that trusts nobody.
    pub(super) verifier: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the operator named.
    pub(super) extra: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
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

impl ServerCertVerifier for LeafRecorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.trace.saw_leaf(leaf.clone().into_owned());
        let judge = &self.judge;
        judge.verify_server_cert(leaf, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
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
