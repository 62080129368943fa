//! Whom to believe: the system's authorities, and one that the file names.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::file::Fields;

/// The authorities that `ca_file` names; nothing where they cannot be used, which is said.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Vec<CertificateDer<'static>>> {
    let line = fields.line_of("ca_file");
    let Some(pem) = fields.contents("ca_file") else {
        return Some(Vec::new());
    };
    match authorities(&pem) {
        Ok(authorities) => Some(authorities),
        Err(problem) => {
            fields.refuse(line, "ca_file", problem);
            None
        }
    }
}

/// The authorities of a PEM file.
fn authorities(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err("holds no certificate".to_owned()),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(format!("is no PEM file of certificates: {error}")),
    }
}

/// TLS for a client: what the system trusts, and these.
pub(crate) fn tls(more: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    // A system without authorities trusts nobody, and then a receiver says so when it is told.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(more);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
