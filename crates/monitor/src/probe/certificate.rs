//! What a certificate says to a person.

use std::sync::LazyLock;

use jiff::Timestamp;
use messages::Certificate;
use moka::sync::Cache as Kept;
use rustls_pki_types::CertificateDer;

/// Characters of a distinguished name that are kept.
const NAME_CHARS_MAX: usize = 512;
/// What all kept certificates may take: some thousands.
const KEPT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// What each takes beside its bytes and its names.
const ENTRY_BYTES: usize = 256;

/// What the certificates said that were shown last, by their bytes: a site shows the same one at each
/// check, and to read it takes longer than to find it here.
static KEPT: LazyLock<Kept<Vec<u8>, Option<Certificate>>> = LazyLock::new(|| {
    Kept::builder()
        .max_capacity(KEPT_BYTES_MAX)
        .weigher(|leaf: &Vec<u8>, said: &Option<Certificate>| {
            let names = said
                .as_ref()
                .map_or(0, |it| it.issuer.len() + it.subject.len());
            u32::try_from(ENTRY_BYTES + leaf.len() + names).unwrap_or(u32::MAX)
        })
        .build()
});

/// What a person asks of the certificate; `None` when it cannot be read.
pub(super) fn describe(leaf: &CertificateDer<'_>) -> Option<Certificate> {
    let bytes: &[u8] = leaf;
    if let Some(said) = KEPT.get(bytes) {
        return said;
    }
    let said = read(leaf);
    KEPT.insert(bytes.to_vec(), said.clone());
    said
}

fn read(leaf: &CertificateDer<'_>) -> Option<Certificate> {
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

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn leaf() -> CertificateDer<'static> {
        let params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn what_is_kept_is_what_the_certificate_says() {
        let first = leaf();
        let said = describe(&first).unwrap();
        assert_eq!(KEPT.get(&first[..]), Some(Some(said.clone())));
        assert_eq!(describe(&first), Some(said.clone()));
        assert_eq!(read(&first), Some(said));
        let unreadable = CertificateDer::from(first[1..].to_vec());
        assert_eq!((describe(&unreadable), describe(&unreadable)), (None, None));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let first = leaf();
        for number in 0..100_u32 {
            let padding = vec![0; 100_000];
            let long = [&first[..], &number.to_be_bytes(), &padding].concat();
            describe(&CertificateDer::from(long));
        }
        KEPT.run_pending_tasks();
        assert!(KEPT.weighted_size() <= KEPT_BYTES_MAX);
    }
}
