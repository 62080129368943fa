//! TLS to PostgreSQL, with as much checking as `sslmode` asks for.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{self, CryptoProvider, aws_lc_rs},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use service::certificates::{self, Lookup};

use crate::encryption::{Identity, Roots, Tls, Verification};

/// How TLS is spoken, with what the files hold now.
pub(crate) fn client_config(tls: &Tls) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = match tls.verification {
        Verification::Nothing => Trust::Anybody,
        Verification::Chain => Trust::Signed(Authorities::read(&tls.roots, &provider)?),
        Verification::ChainAndName => Trust::Named(Authorities::read(&tls.roots, &provider)?),
    };
    let verifier = Arc::new(Verifier {
        provider: Arc::clone(&provider),
        trust,
    });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("setting up TLS to PostgreSQL")?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(Identity { certificate, key }) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates::read_certificates(certificate).map_err(|problem| anyhow!(problem))?;
    let key = certificates::read_key(key).map_err(|problem| anyhow!(problem))?;
    builder
        .with_client_auth_cert(chain, key)
        .context("showing our certificate (sslcert, sslkey) to PostgreSQL")
}

/// Judges the certificate that a server shows. That the server has the certificate's key is seen to
/// whatever is trusted: else encryption would be worth nothing.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

/// Whose certificate is taken.
#[derive(Debug)]
enum Trust {
    /// Anybody's, as `sslmode=require` has it: against listeners, not against impostors.
    Anybody,
    /// One that an authority signed, for whatever host.
    Signed(Authorities),
    /// One that an authority signed for this host.
    Named(Authorities),
}

/// Who may have signed a certificate.
#[derive(Debug)]
struct Authorities {
    web: Arc<WebPkiServerVerifier>,
    /// The certificates of the operator's own file: a server's own one may be among them.
    pinned: Vec<CertificateDer<'static>>,
}

impl Authorities {
    fn read(roots: &Roots, provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
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
        Ok(Self { web, pinned })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (authorities, with_name) = match &self.trust {
            Trust::Anybody => return Ok(ServerCertVerified::assertion()),
            Trust::Signed(authorities) => (authorities, false),
            Trust::Named(authorities) => (authorities, true),
        };
        // A server's self-signed certificate, named as the authority: OpenSSL takes it, while the
        // web's rules refuse an authority's certificate in a server's hand.
        if authorities.pinned.iter().any(|it| it == certificate) {
            if with_name {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let web = &authorities.web;
        let verdict = web.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        match verdict {
            // The chain is checked before the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !with_name => Ok(ServerCertVerified::assertion()),
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
