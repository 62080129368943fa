//! The HTTP client, and what it is made to tell.
//!
//! The client itself says only that a request failed, not in which phase. So it is given a resolver,
//! a connector layer, a TLS session store and a certificate verifier of our own, all of which note
//! what they see on the attempt that the task makes.

pub(super) mod buffers;
mod hooks;

use reqwest::{
    Client, ClientBuilder,
    header::{self, HeaderMap, HeaderValue},
    redirect, retry,
};
use tower::util::MapResponseLayer;

use self::hooks::{ChosenAddress, is_connected};
use super::{
    proxy::SitesProxy,
    tls::{Offer, Tls},
};

/// How requests name themselves.
const USER_AGENT: &str = concat!("websites-monitor/", env!("CARGO_PKG_VERSION"));
/// It asks as a browser asks for a page, in the original's words.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const ACCEPT_LANGUAGE: &str = "en";
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// Lines of a response's head. The library takes a hundred unless told otherwise, browsers far more.
const HEADERS_MAX: usize = 1000;
/// What a site may send over HTTP/2 before it is read, and its head.
const HTTP2_WINDOW_BYTES: u32 = 64 * 1024 - 1;
const HTTP2_HEAD_BYTES_MAX: u32 = 64 * 1024;

/// The clients that all probes share: one for each way to speak to a site, since making one costs
/// as much as many checks.
#[derive(Debug)]
pub(super) struct Clients {
    verifying: Pair,
    /// For targets that take any certificate.
    believing: Pair,
}

/// A client for each offer.
#[derive(Debug)]
struct Pair {
    http2_and_http1: Client,
    http1: Client,
}

impl Clients {
    /// Makes them.
    pub(super) fn new(tls: &Tls, proxy: Option<&SitesProxy>) -> reqwest::Result<Self> {
        Ok(Self {
            verifying: Pair::new(tls, true, proxy)?,
            believing: Pair::new(tls, false, proxy)?,
        })
    }

    /// The client that offers sites these versions of HTTP.
    pub(super) fn offering(&self, offer: Offer, verifies: bool) -> &Client {
        let pair = if verifies {
            &self.verifying
        } else {
            &self.believing
        };
        match offer {
            Offer::Http2AndHttp1 => &pair.http2_and_http1,
            Offer::Http1 => &pair.http1,
        }
    }
}

impl Pair {
    fn new(tls: &Tls, verifies: bool, proxy: Option<&SitesProxy>) -> reqwest::Result<Self> {
        let client = |offer| {
            let builder = builder().tls_backend_preconfigured(tls.config(offer, verifies));
            Ok(match proxy {
                Some(proxy) => builder.proxy(proxy.for_client()?),
                None => builder,
            })
        };
        Ok(Self {
            http2_and_http1: client(Offer::Http2AndHttp1)?.build()?,
            http1: client(Offer::Http1)?.http1_only().build()?,
        })
    }
}

/// A client of which nothing is in use but the asking. Each request has a connection of its own: a
/// monitor measures the path, not the pool.
fn builder() -> ClientBuilder {
    Client::builder()
        .default_headers(headers())
        .dns_resolver(ChosenAddress)
        .connector_layer(MapResponseLayer::new(is_connected))
        .pool_max_idle_per_host(0)
        // Where nothing is idle, nothing has to be kept alive. That a site takes nothing any more
        // ends a connection all the same: the client bounds it at 30 s unless told otherwise.
        .tcp_keepalive(None)
        // None of the environment's.
        .no_proxy()
        .referer(false)
        // Hops are followed, and content is decoded, where they can be told and bounded.
        .redirect(redirect::Policy::none())
        // A request that is silently sent again would hide what happened.
        .retry(retry::never())
        // HTTP/1 as forgiving as browsers are.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_max_headers(HEADERS_MAX)
        // As browsers write them: some old servers know no other way.
        .http1_title_case_headers()
        .http2_initial_stream_window_size(HTTP2_WINDOW_BYTES)
        .http2_initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .http2_max_header_list_size(HTTP2_HEAD_BYTES_MAX)
}

/// What goes along with every request that does not bring its own.
fn headers() -> HeaderMap {
    [
        (header::USER_AGENT, USER_AGENT),
        (header::ACCEPT, ACCEPT),
        (header::ACCEPT_LANGUAGE, ACCEPT_LANGUAGE),
        (header::ACCEPT_ENCODING, ACCEPT_ENCODING),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .into_iter()
    .collect()
}
