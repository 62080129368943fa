//! What the client calls on its way to a connection.

use messages::Phase;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::probe::connect::attempt::Attempt;

/// Answers with the address of the attempt, whatever the name: names are resolved before.
#[derive(Debug)]
pub(super) struct ChosenAddress;

impl Resolve for ChosenAddress {
    fn resolve(&self, name: Name) -> Resolving {
        let address = Attempt::current().map(|attempt| attempt.address);
        Box::pin(async move {
            let address =
                address.ok_or_else(|| format!("no address was chosen for {}", name.as_str()))?;
            let addresses: Addrs = Box::new(std::iter::once(address));
            Ok(addresses)
        })
    }
}

/// Is given each connection that is made, the TLS handshake included, and gives it on.
pub(super) fn is_connected<T>(connection: T) -> T {
    if let Some(attempt) = Attempt::current() {
        attempt.reach(Phase::FirstByte);
    }
    connection
}
