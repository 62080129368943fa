//! What lies behind an error, in one line for a person.

use std::{error::Error, io};

use rustls::AlertDescription;

/// What a server that refuses our certificate says, by TLS alone and in one word.
const REFUSED: &str = "it refuses our certificate (sslcert, sslkey), or wants one";

/// An error and all its causes.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut story = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        // What the server says has its details on lines of their own.
        let text = error.to_string().replace('\n', ", ");
        // The driver's word for an error that comes next.
        if text != "db error" {
            story.push(text);
        }
        if is_refusal(error) {
            story.push(REFUSED.to_owned());
        }
        cause = error.source();
    }
    story.join(": ")
}

/// Whether the other side has ended TLS because of our certificate.
fn is_refusal(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref().and_then(io::Error::get_ref);
    let alert = inner.and_then(|it| it.downcast_ref());
    matches!(
        alert,
        Some(rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::AccessDenied
        ))
    )
}
