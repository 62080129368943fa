//! PEM files, checked before a client meets them: a wrong one is said at start, by its setting and
//! its path, not by a library at the first connection.

mod judge;

use std::{io, path::Path};

use jiff::Timestamp;
use rustls::{RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tracing::warn;
use x509_parser::prelude::{FromDer, X509Certificate};

pub use judge::{Judge, Judged, Shown};

/// Where systems keep the authorities that they trust, as one file; the first that exists counts.
const SYSTEM_FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// Where to look for the authorities that the system trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Where systems keep them, and nowhere else: what `SSL_CERT_FILE` names may be meant to be
    /// trusted *beside* these.
    BySystem,
    /// Where `SSL_CERT_FILE` and `SSL_CERT_DIR` say, *instead*, when one of them is set: as programs
    /// that use OpenSSL take it.
    ByEnvironment,
}

/// The authorities that the system trusts; none where it keeps none. One that cannot be read is said
/// and left out, since the others may do.
pub fn system_authorities(lookup: Lookup) -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    let system_file = || {
        SYSTEM_FILES
            .map(Path::new)
            .into_iter()
            .find(|it| it.exists())
    };
    let loaded = match lookup {
        Lookup::ByEnvironment => rustls_native_certs::load_native_certs(),
        Lookup::BySystem => match system_file() {
            Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
            None => return authorities,
        },
    };
    for error in loaded.errors {
        warn!("Reading the authorities that the system trusts: {error}");
    }
    authorities.add_parsable_certificates(loaded.certs);
    authorities
}

/// Reads every certificate of a PEM file. The error is a phrase that names the file.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let pem = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Err(error) => Err(format!("{shown} is no readable PEM file: {error}")),
        Ok(certificates) if certificates.is_empty() => Err(format!(
            "{shown} holds no certificate (-----BEGIN CERTIFICATE-----)"
        )),
        Ok(certificates) => Ok(certificates),
    }
}

/// Reads a PEM file of certificate authorities.
pub fn read_authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut authorities = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        authorities
            .add(certificate)
            .map_err(|error| format!("{} holds a broken certificate: {error}", path.display()))?;
    }
    Ok(authorities)
}

/// Reads a PEM file of a private key without passphrase. The error is a phrase that names the file.
pub fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let shown = path.display();
    let pem = read(path)?;
    if pem.windows(9).any(|bytes| bytes == b"ENCRYPTED") {
        return Err(format!(
            "{shown} is protected by a passphrase; store the key without one"
        ));
    }
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| format!("{shown} holds no private key (-----BEGIN PRIVATE KEY-----)"))
}

/// Whether the key is that of the chain's first certificate. `true` also where this cannot be told,
/// as of a key whose kind only Kafka's client knows: it decides.
pub fn is_pair(chain: &[CertificateDer<'_>], key: PrivateKeyDer<'static>) -> bool {
    // The certificate is not asked through rustls, which refuses version 1, as `openssl x509` makes
    // them where it is not told otherwise.
    let certificate = chain.first().and_then(|leaf| {
        let (_, parsed) = X509Certificate::from_der(leaf).ok()?;
        Some(parsed.public_key().raw.to_vec())
    });
    let provider = aws_lc_rs::default_provider().key_provider;
    let key = provider.load_private_key(key).ok();
    let key = key.and_then(|key| Some(key.public_key()?.as_ref().to_vec()));
    certificate
        .zip(key)
        .is_none_or(|(certificate, key)| certificate == key)
}

/// When the first certificate of a PEM file ends: of a chain, its owner's; of authorities, the one that
/// stands first. `None` where there is no certificate.
pub fn end(pem: &[u8]) -> Option<Timestamp> {
    let first = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
    let (_, parsed) = X509Certificate::from_der(&first).ok()?;
    let seconds = parsed.validity().not_after.timestamp();
    // The end of time of certificates lies behind what the clock spells.
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::PermissionDenied => format!(
                "; this process is user {}: let it read the file (chmod), or run it as the file's \
                 owner; a container: CONTAINER_USER=$(id -u) in .env",
                rustix::process::geteuid().as_raw()
            ),
            _ => String::new(),
        };
        format!("cannot read {}: {error}{advice}", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(folder: &Path, name: &str) {
        let pair = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(folder.join(format!("{name}.cert")), pair.cert.pem()).unwrap();
        std::fs::write(
            folder.join(format!("{name}.key")),
            pair.signing_key.serialize_pem(),
        )
        .unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        write_pair(folder.path(), "one");
        write_pair(folder.path(), "two");
        let chain = read_certificates(&path("one.cert")).unwrap();
        assert!(is_pair(&chain, read_key(&path("one.key")).unwrap()));
        assert!(!is_pair(&chain, read_key(&path("two.key")).unwrap()));
        let swapped = read_certificates(&path("one.key")).unwrap_err();
        assert!(
            swapped.contains("one.key holds no certificate"),
            "{swapped}"
        );
        let swapped = read_key(&path("one.cert")).unwrap_err();
        assert!(swapped.contains("holds no private key"), "{swapped}");
        let missing = read_authorities(&path("ca.pem")).unwrap_err();
        assert!(missing.contains("cannot read"), "{missing}");
    }
}
