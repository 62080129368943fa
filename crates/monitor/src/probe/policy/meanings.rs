//! What an address may mean.

use std::net::{IpAddr, Ipv4Addr};

/// The address, and the IPv4 addresses that it carries, to which a translator or a tunnel on the way
/// would lead. A translator with a prefix of its own network cannot be known here.
pub(super) fn meanings(address: IpAddr) -> Vec<IpAddr> {
    let mut all = vec![address];
    let IpAddr::V6(six) = address else {
        return all;
    };
    let four = |high: u16, low: u16| {
        let bits = (u32::from(high) << 16) | u32::from(low);
        IpAddr::from(Ipv4Addr::from(bits))
    };
    match six.segments() {
        // Unspecified, and loopback: themselves.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => {}
        // NAT64 of a network's own (64:ff9b:1::/48), in either of RFC 6052's layouts that it has
        // room for: /96, and /48, whose middle octet is left out.
        [0x64, 0xff9b, 1, first, middle, last, high, low] => {
            all.push(four(high, low));
            all.push(four(first, (middle << 8) | (last >> 8)));
        }
        // Teredo: its server, and its client, whose bits are turned.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            all.push(four(high, low));
            all.push(four(!client_high, !client_low));
        }
        // Mapped (::ffff:0:0/96), compatible (::/96, given up), translated (::ffff:0:0:0/96, RFC
        // 2765), NAT64 (64:ff9b::/96), 6to4, ISATAP.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..]
        | [.., 0 | 0x0200, 0x5efe, high, low] => all.push(four(high, low)),
        _ => {}
    }
    all
}
