//! A proxy by which all sites are asked.

use std::{fmt, str::FromStr};

use messages::{Failure, FailureReason};
use url::{Host, Url};

use crate::masked::Masked;

/// SOCKS leaves the name to the proxy only under this scheme; with the other one the client would
/// resolve it, and there is nothing that it could ask.
const SOCKS_SCHEME: &str = "socks5h";

/// What a proxy answers by itself, without a site.
pub(super) struct Greeting {
    /// What it is sent.
    pub(super) words: &'static [u8],
    /// How its answer begins.
    pub(super) answer: &'static [u8],
}

/// A request that no proxy passes on (RFC 9110, 7.6.2), and what every answer to it begins with.
const HTTP_GREETING: Greeting = Greeting {
    words: b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n",
    answer: b"HTTP/",
};
/// SOCKS version 5, with the ways to say who asks: nobody, or by a password.
const SOCKS_GREETING: Greeting = Greeting {
    words: &[5, 2, 0, 2],
    answer: &[5],
};

/// A proxy. Its url may hold a password and is shown to nobody.
#[derive(Clone)]
pub struct SitesProxy {
    url: Url,
    host: Host,
    port: u16,
}

impl SitesProxy {
    /// As the HTTP client takes it.
    pub(super) fn for_client(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.clone())
    }

    /// Where it is.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Its port.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is asked for the pages of sites without TLS, and answers for them.
    pub(super) fn speaks_http(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// How it is asked whether it is there.
    pub(super) fn greeting(&self) -> Greeting {
        if self.speaks_http() {
            HTTP_GREETING
        } else {
            SOCKS_GREETING
        }
    }

    /// The whole of it, with its password.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// A failure of the proxy's, which is no site's.
    pub(super) fn at_fault(&self, what: &str) -> Failure {
        let detail = format!("the proxy {self} (SITES_PROXY): {what}");
        Failure::new(FailureReason::ProberFailed, None, detail)
    }
}

impl FromStr for SitesProxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "not a url such as http://user:password@proxy.example:3128 or \
                              socks5://proxy.example:1080 (special characters of a password are \
                              percent-encoded)";
        let mut url = Url::parse(text).map_err(|_| WANTED)?;
        let default_port = match url.scheme() {
            "http" => 80,
            "socks5" | SOCKS_SCHEME => {
                url.set_scheme(SOCKS_SCHEME).map_err(|()| WANTED)?;
                1080
            }
            _ => return Err(WANTED),
        };
        // Under a scheme that the url standard does not know, an address is no more than a name.
        let host = Host::parse(url.host_str().ok_or(WANTED)?).map_err(|_| WANTED)?;
        let port = url.port().unwrap_or(default_port);
        let proxy = Self { url, host, port };
        proxy.for_client().map_err(|_| WANTED)?;
        Ok(proxy)
    }
}

impl fmt::Display for SitesProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", Masked(self.url.as_str()))
    }
}

impl fmt::Debug for SitesProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        for text in [
            "http://user:geheim@proxy.example:3128",
            "socks5://u:geheim@[::1]",
        ] {
            let proxy: SitesProxy = text.parse().unwrap();
            let shown = format!("{proxy} {proxy:?}");
            assert!(
                !shown.contains("geheim") && shown.contains("***@"),
                "{shown}"
            );
        }
    }

    #[test]
    fn addresses_and_ports_are_understood_under_every_scheme() {
        for (text, host, port) in [
            ("http://proxy.example", "proxy.example", 80),
            ("http://127.0.0.1:3128/", "127.0.0.1", 3128),
            ("socks5://127.0.0.1", "127.0.0.1", 1080),
            ("socks5h://[::1]:9050", "[::1]", 9050),
        ] {
            let proxy: SitesProxy = text.parse().unwrap();
            assert_eq!((proxy.host.to_string().as_str(), proxy.port), (host, port));
        }
        for wrong in [
            "proxy.example:3128",
            "https://proxy.example",
            "socks4://a",
            "http://",
            "",
        ] {
            assert!(wrong.parse::<SitesProxy>().is_err(), "{wrong}");
        }
    }
}
