//! Who judges what a server shows, with the proof that the certificate is the server's own.

use std::{fmt::Debug, sync::Arc};

use rustls::{
    DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{self, CryptoProvider},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What a server shows in a handshake.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The certificate that is to be its own.
    pub leaf: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    /// Whom it was asked for.
    pub name: &'a ServerName<'a>,
    ocsp_response: &'a [u8],
    /// When.
    pub now: UnixTime,
}

impl Shown<'_> {
    /// All certificates, the server's own first.
    pub fn chain(&self) -> impl Iterator<Item = &CertificateDer<'_>> {
        std::iter::once(self.leaf).chain(self.intermediates)
    }

    /// Judged by the web's rules and these authorities.
    ///
    /// # Errors
    ///
    /// Why it is not to be trusted; of several reasons, the chain's before the name's.
    pub fn by_web(&self, authorities: &WebPkiServerVerifier) -> Result<(), Error> {
        let Self {
            leaf,
            intermediates,
            name,
            ocsp_response,
            now,
        } = *self;
        authorities
            .verify_server_cert(leaf, intermediates, name, ocsp_response, now)
            .map(drop)
    }
}

/// Says whose certificates are taken.
pub trait Judge: Debug + Send + Sync {
    /// Whether what the server shows is taken.
    ///
    /// # Errors
    ///
    /// Why it is not: this ends the handshake, and the server is told.
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error>;

    /// Whether the server has to prove that it has the certificate's key. Where anybody's certificate is
    /// taken, the proof keeps nobody out, since an impostor has a certificate of his own; and the library
    /// cannot check it for certificates of version 1, as `openssl x509` makes them, or for short keys.
    fn wants_proof(&self) -> bool {
        true
    }

    /// The server has proved that it has the certificate's key, where that is wanted. Comes once in each
    /// whole handshake.
    fn proved(&self, _version: ProtocolVersion) {}
}

/// Has certificates judged. That the server has the certificate's key is seen to wherever not anybody's is
/// taken: else the judgement would be worth nothing.
#[derive(Debug)]
pub struct Judged<J> {
    provider: Arc<CryptoProvider>,
    judge: J,
}

impl<J> Judged<J> {
    /// By this judge, with the provider's signatures.
    pub fn by(judge: J, provider: Arc<CryptoProvider>) -> Self {
        Self { provider, judge }
    }
}

impl<J: Judge> ServerCertVerifier for Judged<J> {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge.judge(&Shown {
            leaf,
            intermediates,
            name,
            ocsp_response,
            now,
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.judge.wants_proof() {
            let algorithms = &self.provider.signature_verification_algorithms;
            crypto::verify_tls12_signature(message, certificate, signature, algorithms)?;
        }
        self.judge.proved(ProtocolVersion::TLSv1_2);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.judge.wants_proof() {
            let algorithms = &self.provider.signature_verification_algorithms;
            crypto::verify_tls13_signature(message, certificate, signature, algorithms)?;
        }
        self.judge.proved(ProtocolVersion::TLSv1_3);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
