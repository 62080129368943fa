//! Whose certificates are trusted, and what is noted of each.

use std::sync::Arc;

use messages::TlsVersion;
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

use crate::probe::{connect::attempt::Attempt, failure::AUTHORITY_AS_SITE};

/// Notes on the probe's trace what a site shows, also when the handshake fails, and has it judged.
#[derive(Debug)]
pub(super) struct Recorder(pub(super) Judge);

/// Judges the certificates of all sites.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    pub(super) provider: Arc<CryptoProvider>,
    /// `None` on a machine that trusts nobody.
    pub(super) verifier: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the operator named.
    pub(super) extra: Vec<CertificateDer<'static>>,
    /// False where any certificate will do, as a target may say of its own site.
    pub(super) verifies: bool,
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
        if !self.verifies {
            return Ok(ServerCertVerified::assertion());
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

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(attempt) = Attempt::current() {
            attempt.trace.saw_leaf(leaf.clone().into_owned());
        }
        let judge = &self.0;
        judge.verify_server_cert(leaf, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .0
            .verify_tls12_signature(message, certificate, signature)?;
        speaks(TlsVersion::Tls12);
        Ok(valid)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .0
            .verify_tls13_signature(message, certificate, signature)?;
        speaks(TlsVersion::Tls13);
        Ok(valid)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Every whole handshake has a signature to verify, so this tells its version.
fn speaks(version: TlsVersion) {
    if let Some(attempt) = Attempt::current() {
        attempt.trace.speaks_tls(version);
    }
}

/// Whether the verdict is only that nobody trusted signed: what a certificate that is trusted by
/// itself gets, too.
fn is_about_authority(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        // A self-signed certificate that calls itself an authority, as openssl makes them.
        CertificateError::Other(OtherError(error)) => error.to_string().contains(AUTHORITY_AS_SITE),
        _ => false,
    }
}
