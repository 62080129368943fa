//! TLS to PostgreSQL, with as much checking as `sslmode` asks for.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use rustls::{
    CertificateError, ClientConfig, Error,
    client::{WebPkiServerVerifier, verify_server_name},
    crypto::{CryptoProvider, aws_lc_rs},
    server::ParsedCertificate,
};
use rustls_pki_types::CertificateDer;
use service::certificates::{self, Judge, Judged, Lookup, Shown};

use crate::encryption::{Identity, Roots, Tls, Verification};

/// How TLS is spoken, with what the files hold now.
pub(crate) fn client_config(tls: &Tls) -> anyhow::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = match tls.verification {
        Verification::Nothing => Trust::Anybody,
        Verification::Chain => Trust::Signed(Authorities::read(&tls.roots, &provider)?),
        Verification::ChainAndName => Trust::Named(Authorities::read(&tls.roots, &provider)?),
    };
    let verifier = Arc::new(Judged::by(trust, Arc::clone(&provider)));
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

impl Judge for Trust {
    fn wants_proof(&self) -> bool {
        !matches!(self, Self::Anybody)
    }

    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let (authorities, with_name) = match self {
            Self::Anybody => return Ok(()),
            Self::Signed(authorities) => (authorities, false),
            Self::Named(authorities) => (authorities, true),
        };
        // A server's self-signed certificate, named as the authority: OpenSSL takes it, while the
        // web's rules refuse an authority's certificate in a server's hand.
        if authorities.pinned.iter().any(|it| it == shown.leaf) {
            if with_name {
                verify_server_name(&ParsedCertificate::try_from(shown.leaf)?, shown.name)?;
            }
            return Ok(());
        }
        match shown.by_web(&authorities.web) {
            // The chain is checked before the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !with_name => Ok(()),
            verdict => verdict,
        }
    }
}
