//! Which names the TLS library takes.

use rustls_pki_types::ServerName;
use url::{Host, Url};

/// The name of a site at which nobody can look: the library takes none with a label that begins or ends
/// with a hyphen, or with a sign that no host may have. Browsers do, so that the site may be well.
pub(crate) fn refused_name(url: &Url) -> Option<&str> {
    match url.host()? {
        Host::Domain(name) if url.scheme() == "https" => {
            ServerName::try_from(name).is_err().then_some(name)
        }
        _ => None,
    }
}
