//! What all probes share.

use std::sync::Arc;

use super::{
    client::Clients, memory::Memory, notes::Notes, resolve::Resolver, seek::Seeker,
    settings::ProbeSettings, tls::Tls,
};

/// What all probes share.
#[derive(Debug)]
pub struct Instruments {
    pub(super) settings: ProbeSettings,
    pub(super) resolver: Resolver,
    pub(super) clients: Clients,
    pub(super) memory: Memory,
    pub(super) seeker: Seeker,
    /// For a person who looks on.
    pub(super) notes: Option<Notes>,
}

impl Instruments {
    /// Gets everything ready.
    pub fn new(mut settings: ProbeSettings) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            resolver: Resolver::new(settings.dns_timeout),
            clients: Clients::new(
                &Tls::new(&settings.extra_authorities)?,
                settings.proxy.as_ref(),
            )?,
            memory: Memory::new(),
            seeker: Seeker::new(),
            notes: settings.notes.take(),
            settings,
        }))
    }
}
