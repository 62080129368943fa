//! Who may speak with a broker by TLS.

use std::path::Path;

use anyhow::Result;

use crate::certificates::{Authority, ClientFiles};
use crate::files::{write, write_secret};

/// The broker's certificate and key.
pub(super) const BROKER_IDENTITY: &str = "broker.pem";
/// The authority that a client's certificate must come from.
pub(super) const BROKER_TRUST: &str = "clients-ca.pem";

/// The authority of one broker, and a client that it welcomes.
#[derive(Debug)]
pub(super) struct Certificates {
    /// Signed the broker's certificate, and must have signed its clients'.
    pub(super) authority: Authority,
    /// The files of a client that is welcome.
    pub(super) client: ClientFiles,
}

impl Certificates {
    /// Makes an authority, and by it the broker's certificate and a client's.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        let authority = Authority::new("Local Kafka")?;
        let broker = authority.server()?;
        let identity = format!("{}{}", broker.key, broker.certificate);
        write_secret(&folder.join(BROKER_IDENTITY), &identity)?;
        write(&folder.join(BROKER_TRUST), &authority.pem())?;
        let service = authority.client("service")?;
        let client = ClientFiles::write(&folder.join("client"), &authority, &service)?;
        Ok(Self { authority, client })
    }
}
