//! Which addresses are never probed.
//!
//! Judged is what is connected to: an address of a name's answer, or the one that a url spells, which
//! its parser has made one and the same of `0x7f.1`, `2130706433` and `127.0.0.1`. An IPv6 address that
//! carries an IPv4 address is judged by both.

mod meanings;
mod networks;

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

use self::{
    meanings::meanings,
    networks::{PRIVATE, network},
};

/// The word for every network that is not part of the public internet.
const PRIVATE_WORD: &str = "private";

/// The addresses that may not be probed. Unspecified ones (0.0.0.0, ::) never may: they would be the
/// monitor itself, and a name filter that answers so must not make the prober look there.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    networks: Vec<Forbidden>,
}

/// A network that may not be probed.
#[derive(Clone, Copy, Debug)]
struct Forbidden {
    network: IpNet,
    /// Whether the word for all of them stands for it.
    is_by_word: bool,
}

impl Policy {
    /// Why the address may not be probed; nothing where it may.
    pub(super) fn objection(&self, address: IpAddr) -> Option<String> {
        meanings(address).into_iter().find_map(|meaning| {
            let leads_to = if meaning == address {
                String::new()
            } else {
                format!(" leads to {meaning}, which")
            };
            if meaning.is_unspecified() {
                return Some(format!(
                    "{address}{leads_to} is unspecified, which would be the monitor itself"
                ));
            }
            let forbidden = self.forbidden(meaning)?;
            Some(format!(
                "{address}{leads_to} is forbidden (FORBIDDEN_ADDRESSES: {forbidden})"
            ))
        })
    }

    /// Whether it forbids more than it always does.
    pub fn is_set(&self) -> bool {
        !self.networks.is_empty()
    }

    fn forbidden(&self, address: IpAddr) -> Option<&Forbidden> {
        let mut networks = self.networks.iter();
        networks.find(|forbidden| forbidden.network.contains(&address))
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_by_word {
            write!(formatter, "{PRIVATE_WORD}, ")?;
        }
        self.network.fmt(formatter)
    }
}

/// Networks, addresses and the word for all private ones, separated by commas.
impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut policy = Self::default();
        let items = text.split(',').map(str::trim);
        for item in items.filter(|item| !item.is_empty()) {
            let is_by_word = item.eq_ignore_ascii_case(PRIVATE_WORD);
            let networks = if is_by_word {
                PRIVATE.iter().filter_map(|text| network(text)).collect()
            } else {
                networks::parse(item).ok_or_else(|| {
                    format!(
                        "{item:?} is no address, no network such as 10.0.0.0/8 or fc00::/7, and not \
                         the word {PRIVATE_WORD}"
                    )
                })?
            };
            let forbidden = networks.into_iter().map(|network| Forbidden {
                network,
                is_by_word,
            });
            policy.networks.extend(forbidden);
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests;
