//! From a name to its addresses, as this machine would find them: `/etc/hosts`, then the name
//! servers of `/etc/resolv.conf`. Nothing is cached: a monitor measures.

mod answer;
mod lookup;
mod system;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hickory_resolver::proto::{ProtoError, rr::Name};
use messages::FailureReason;
use tokio::time::{Instant, timeout_at};
use tracing::info;

pub(super) use self::lookup::Found;
use self::{
    lookup::from_dns,
    system::{FILES, Stamp, System, stamp},
};
use super::{failure::Reason, request::IpVersion};

/// The machine's way to resolve names.
#[derive(Debug)]
pub(super) struct Resolver {
    limit: Duration,
    system: Mutex<Option<(Stamp, Arc<System>)>>,
}

impl Resolver {
    /// A resolver whose answers come within `limit`, or not at all.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            system: Mutex::new(None),
        }
    }

    /// Addresses of the name, at least one; of one family alone where only that is wanted.
    pub(super) async fn resolve(
        &self,
        host: &str,
        only: Option<IpVersion>,
    ) -> Result<Found, Reason> {
        let name = name(host).map_err(|error| {
            let detail = format!("a name that cannot be asked for: {error}");
            (FailureReason::DnsNotFound, detail)
        })?;
        let system = self.system()?;
        if let Some(addresses) = system.in_hosts(&name) {
            return Ok(Found::whole(addresses));
        }
        let end = Instant::now() + self.limit;
        let asked = timeout_at(end, from_dns(&system.servers, &name, only)).await;
        let found = asked.unwrap_or_else(|_| {
            let limit = self.limit.as_secs_f64();
            let detail = format!("no answer within {limit} s (DNS_TIMEOUT)");
            Err((FailureReason::DnsTimeout, detail))
        });
        Ok(found?.until(end))
    }

    /// What the files say, read again when they have changed: a machine that moves to another
    /// network keeps resolving.
    fn system(&self) -> Result<Arc<System>, Reason> {
        let stamp = stamp();
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, system)) = &*system
            && *seen == stamp
        {
            return Ok(Arc::clone(system));
        }
        if system.is_some() {
            info!("{} or {} has changed and is read again", FILES[0], FILES[1]);
        }
        let fresh = System::read(self.limit).map_err(|error| {
            let detail = format!("starting the resolver: {error}");
            (FailureReason::ProberFailed, detail)
        })?;
        let fresh = Arc::new(fresh);
        *system = Some((stamp, Arc::clone(&fresh)));
        Ok(fresh)
    }
}

/// The name as it stands: underscores, and hyphens where the rules for hosts allow none, are asked
/// for, as browsers do.
fn name(host: &str) -> Result<Name, ProtoError> {
    let (labels, is_complete) = match host.strip_suffix('.') {
        Some(labels) => (labels, true),
        None => (host, false),
    };
    let mut name = Name::from_labels(labels.split('.').map(str::as_bytes))?;
    name.set_fqdn(is_complete);
    Ok(name)
}

#[cfg(test)]
pub(super) mod tests;
