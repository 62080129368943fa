//! Which of a site's addresses are tried, and in which order.

use std::{net::SocketAddr, pin::Pin};

/// Addresses of one name that are tried: with all but the last one dead, eight seconds.
const ADDRESSES_MAX: usize = 32;

/// Addresses that may be tried: those that are known, in their order, and those that may still come.
pub(in crate::probe) struct Addresses {
    known: Vec<SocketAddr>,
    coming: Option<Coming>,
}

/// What the name servers still owe.
pub(super) type Coming = Pin<Box<dyn Future<Output = Vec<SocketAddr>> + Send>>;

impl Addresses {
    pub(super) fn new(known: Vec<SocketAddr>, coming: Option<Coming>) -> Self {
        let known = alternate(known);
        Self { known, coming }
    }

    pub(in crate::probe) fn known(&self) -> &[SocketAddr] {
        &self.known
    }

    /// How many have a turn each, as far as they are known; at least one.
    pub(super) fn turns(&self) -> u32 {
        u32::try_from(self.known.len()).unwrap_or(u32::MAX).max(1)
    }

    /// Whether more may come.
    pub(super) fn may_grow(&self) -> bool {
        self.coming.is_some()
    }

    /// Waits for those that may still come. Nothing is lost where somebody waits no longer.
    pub(super) async fn grow(&mut self) {
        if let Some(coming) = &mut self.coming {
            let more = coming.await;
            self.coming = None;
            self.known.extend(alternate(more));
            self.known.truncate(ADDRESSES_MAX);
        }
    }
}

impl From<Vec<SocketAddr>> for Addresses {
    fn from(known: Vec<SocketAddr>) -> Self {
        Self::new(known, None)
    }
}

/// IPv6 and IPv4 in turn, so that a network that carries only one of them costs one attempt.
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let pairs = six.len().max(four.len());
    (0..pairs)
        .flat_map(|place| [six.get(place), four.get(place)])
        .flatten()
        .copied()
        .take(ADDRESSES_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_their_number_is_bounded() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let ordered = alternate(vec![
            address("1.1.1.1:80"),
            address("1.1.1.2:80"),
            address("[2::1]:80"),
        ]);
        assert_eq!(
            ordered,
            [
                address("[2::1]:80"),
                address("1.1.1.1:80"),
                address("1.1.1.2:80")
            ]
        );
        let many = (0..200).map(|last| SocketAddr::from(([10, 0, 0, last], 80)));
        assert_eq!(alternate(many.collect()).len(), ADDRESSES_MAX);
    }
}
