//! What a certificate says to a person.

use jiff::Timestamp;
use messages::Certificate;
use rustls_pki_types::CertificateDer;

/// Characters of a distinguished name that are kept.
const NAME_CHARS_MAX: usize = 512;

/// What a person asks of the certificate; `None` when it cannot be read.
pub(super) fn describe(leaf: &CertificateDer<'static>) -> Option<Certificate> {
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
    let shorten = |name: String| name.chars().take(NAME_CHARS_MAX).collect();
    Some(Certificate {
        not_after: Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?,
        issuer: shorten(certificate.issuer().to_string()),
        subject: shorten(certificate.subject().to_string()),
    })
}
