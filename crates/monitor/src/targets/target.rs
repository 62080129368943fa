//! A target: a website as configured.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde_json::{Map, Value};
use url::Url;

use super::own::OwnSettings;
use crate::{masked::Masked, pattern::Pattern};

/// A website as configured.
#[derive(Debug)]
pub struct Target {
    /// Exactly as configured: its identity.
    pub url: String,
    /// Where that leads.
    pub address: Url,
    /// Whom a probe of it asks first.
    pub host: Host,
    /// What its page should contain.
    pub pattern: Option<Pattern>,
    /// What else its row says.
    pub own: OwnSettings,
    /// What of that goes along in its records; `None` when nothing is set.
    pub going_along: Option<Arc<Map<String, Value>>>,
}

/// A host and its port: whoever asks the same one shares it. Made once for each target, since it is
/// looked at in every step of a check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    name: Arc<str>,
    port: u16,
}

impl Host {
    /// The one to which an address leads.
    pub fn of(address: &Url) -> Self {
        Self {
            name: address.host_str().unwrap_or_default().into(),
            port: address.port_or_known_default().unwrap_or_default(),
        }
    }
}

/// A target is its url: no two have the same.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.hash(state);
    }
}

impl Target {
    /// The pattern's text as configured; `""` when it has none.
    pub fn regexp(&self) -> &str {
        self.pattern.as_ref().map_or("", Pattern::as_str)
    }

    /// Its url as it may be shown.
    pub fn shown(&self) -> Masked<'_> {
        Masked(&self.url)
    }
}
