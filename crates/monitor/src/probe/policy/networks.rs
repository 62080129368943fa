//! Networks by their texts.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Networks that are not part of the public internet, from IANA's registries of special-purpose
/// addresses, and those for many receivers: this host, private use, shared, loopback, link-local
/// (where clouds keep their metadata), protocols' own, documentation, benchmarks, multicast, reserved.
pub(super) const PRIVATE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:2::/48",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// The prefix of IPv4 addresses in IPv6's clothes, in bits.
const MAPPED_BITS: u8 = 96;

/// A network, or an address as the network of itself alone.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let network = text
        .parse::<IpNet>()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.map(|network| network.trunc())
}

/// All networks that a text stands for: one of mapped IPv4 addresses means these addresses, too.
pub(super) fn parse(text: &str) -> Option<Vec<IpNet>> {
    let network = network(text)?;
    let mapped = match network {
        IpNet::V6(six) if six.prefix_len() > MAPPED_BITS => six
            .addr()
            .to_ipv4_mapped()
            .and_then(|four| Ipv4Net::new(four, six.prefix_len() - MAPPED_BITS).ok()),
        _ => None,
    };
    Some(
        [Some(network), mapped.map(IpNet::V4)]
            .into_iter()
            .flatten()
            .collect(),
    )
}
