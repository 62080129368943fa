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
    let not_after = certificate.validity().not_after.timestamp();
    Some(Certificate {
        // 9999-12-31T23:59:59Z, which says that it is to end never, is beyond the clock library. A
        // certificate's years are 0 to 9999, so nothing lies beyond its other end.
        not_after: Timestamp::from_second(not_after).unwrap_or(Timestamp::MAX),
        issuer: shorten(certificate.issuer().to_string()),
        subject: shorten(certificate.subject().to_string()),
    })
}
