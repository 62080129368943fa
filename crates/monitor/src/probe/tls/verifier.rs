//! Whose certificates are trusted, and what is noted of each.

use std::sync::Arc;

use messages::TlsVersion;
use rustls::{
    CertificateError, Error, OtherError, ProtocolVersion,
    client::{WebPkiServerVerifier, verify_server_name},
    server::ParsedCertificate,
};
use rustls_pki_types::CertificateDer;
use service::certificates::{Judge, Shown};

use super::verdicts::Verdicts;
use crate::probe::{connect::attempt::Attempt, failure::AUTHORITY_AS_SITE};

/// Judges the certificates of all sites, and notes on the probe's trace what a site shows, also when
/// the handshake fails.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    /// `None` on a machine that trusts nobody.
    pub(super) authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the operator named.
    pub(super) extra: Vec<CertificateDer<'static>>,
    /// What these authorities were found to say before.
    pub(super) verdicts: Arc<Verdicts>,
    /// False where any certificate will do, as a target may say of its own site.
    pub(super) verifies: bool,
}

impl Judge for Recorder {
    fn judge(&self, shown: &Shown<'_>) -> Result<(), Error> {
        if let Some(attempt) = Attempt::current() {
            attempt.trace.saw_leaf(shown.leaf.clone().into_owned());
        }
        if !self.verifies {
            return Ok(());
        }
        self.verdicts.on(shown, || self.judge_anew(shown))
    }

    fn wants_proof(&self) -> bool {
        self.verifies
    }

    fn proved(&self, version: ProtocolVersion) {
        let version = match version {
            ProtocolVersion::TLSv1_2 => TlsVersion::Tls12,
            ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
            // No other is offered.
            _ => return,
        };
        if let Some(attempt) = Attempt::current() {
            attempt.trace.speaks_tls(version);
        }
    }
}

impl Recorder {
    fn judge_anew(&self, shown: &Shown<'_>) -> Result<(), Error> {
        let Some(authorities) = &self.authorities else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        match shown.by_web(authorities) {
            Err(Error::InvalidCertificate(error))
                if is_about_authority(&error) && self.extra.contains(shown.leaf) =>
            {
                // The operator named this very certificate. It had to be within its dates to get
                // here, so its name is all that is left to see.
                verify_server_name(&ParsedCertificate::try_from(shown.leaf)?, shown.name)
            }
            verdict => verdict,
        }
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
