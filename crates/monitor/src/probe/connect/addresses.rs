//! Which of a site's addresses are tried, and in which order.

use std::net::SocketAddr;

/// Addresses of one name that are tried: with all but the last one dead, eight seconds.
const ADDRESSES_MAX: usize = 32;

/// IPv6 and IPv4 in turn, so that a network that carries only one of them costs one attempt.
pub(super) fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
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
