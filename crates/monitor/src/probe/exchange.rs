//! The way from a url to its page, over all its hops.

mod credentials;
mod hop;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use messages::{Failure, FailureReason, HttpVersion, Phase};
use reqwest::{
    Response, Version,
    header::{self, HeaderValue},
};
use tokio::time::Instant;
use url::{Host, Url};

use self::{
    credentials::{authorization, without_credentials},
    hop::hop,
};
use super::{
    addresses,
    body::{self, Reading},
    client::Attempt,
    failure,
    instruments::Instruments,
    page::{Content, Page},
    request::{Expectation, ProbeRequest},
    trace::{Head, Trace},
};

/// It asks as a browser asks for a page, in the original's words.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const ACCEPT_LANGUAGE: &str = "en";
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// What an address gets of the time to connect at least, however many there are.
const ADDRESS_TIMEOUT_MIN: Duration = Duration::from_secs(2);

/// The way that a probe goes, hop by hop.
pub(super) struct Journey<'a> {
    instruments: &'a Instruments,
    expected: &'a Expectation,
    /// The url to ask for next.
    address: Url,
}

impl<'a> Journey<'a> {
    /// The way that begins at the request's url.
    pub(super) fn new(instruments: &'a Instruments, request: &'a ProbeRequest) -> Self {
        Self {
            instruments,
            expected: &request.expected,
            address: request.url.clone(),
        }
    }

    /// Goes all the way. The page is there when something is sought in it and it may be a text.
    pub(super) async fn go(mut self, trace: &Trace) -> Result<Option<Page>, Failure> {
        let origin = self.address.origin();
        let credentials = authorization(&self.address);
        loop {
            // They are the first site's: no other one gets to see them.
            let credentials = credentials
                .as_ref()
                .filter(|_| self.address.origin() == origin);
            let response = self.ask(credentials, trace).await?;
            let Some(next) = self.next_hop(&response, trace)? else {
                return self.read(response, trace).await;
            };
            trace.follow();
            self.address = next;
        }
    }

    /// Asks the first of the site's addresses to which a connection can be made.
    async fn ask(
        &self,
        credentials: Option<&HeaderValue>,
        trace: &Trace,
    ) -> Result<Response, Failure> {
        let addresses = addresses::alternate(self.addresses(trace).await?);
        let until = Instant::now() + self.instruments.settings.connect_timeout;
        let mut worst: Option<Failure> = None;
        let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        for address in addresses {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                break;
            }
            let attempt = Attempt {
                trace: trace.clone(),
                address,
                connect_until: Instant::now() + (rest / left).max(ADDRESS_TIMEOUT_MIN.min(rest)),
            };
            left -= 1;
            let sent = attempt.scope(self.request(credentials).send()).await;
            let error = match sent {
                Ok(response) => return Ok(note_head(response, trace)),
                Err(error) => error,
            };
            let (reason, detail) = self.failure(trace, address, &error);
            let failed = trace.fail(reason, detail);
            if trace.phase() != Some(Phase::Connect) {
                return Err(failed);
            }
            let says_more =
                |worst: &Failure| failure::telling(failed.reason) > failure::telling(worst.reason);
            if worst.as_ref().is_none_or(says_more) {
                worst = Some(failed);
            }
        }
        Err(worst.unwrap_or_else(|| {
            trace.fail(FailureReason::ConnectTimeout, "no time was left to connect")
        }))
    }

    fn failure(
        &self,
        trace: &Trace,
        address: SocketAddr,
        error: &reqwest::Error,
    ) -> failure::Reason {
        match trace.phase() {
            None | Some(Phase::Dns) if error.is_builder() => {
                let detail = format!(
                    "the request could not be written: {}",
                    failure::words(error)
                );
                (FailureReason::ProberFailed, detail)
            }
            None | Some(Phase::Dns | Phase::Connect) => {
                let limit = self.instruments.settings.connect_timeout;
                failure::of_connect(address, error, limit)
            }
            Some(Phase::Tls) => failure::of_handshake(error),
            Some(Phase::FirstByte | Phase::Body) => failure::of_http(error),
        }
    }

    /// The addresses of the url's host that may be probed.
    async fn addresses(&self, trace: &Trace) -> Result<Vec<SocketAddr>, Failure> {
        let mut addresses = match self.address.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::from(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::from(address)],
            Some(Host::Domain(name)) => {
                trace.enter(Phase::Dns);
                let resolved = self.instruments.resolver.resolve(name).await;
                trace.leave();
                resolved.map_err(|(reason, detail)| trace.fail(reason, detail))?
            }
            None => Vec::new(),
        };
        addresses.retain(|address| !addresses::is_forbidden(*address));
        if addresses.is_empty() {
            return Err(Failure::new(
                FailureReason::AddressForbidden,
                None,
                "the address is unspecified (0.0.0.0 or ::), which would be the monitor itself",
            ));
        }
        let port = self.address.port_or_known_default().unwrap_or_default();
        let with_port = |address| SocketAddr::new(address, port);
        Ok(addresses.into_iter().map(with_port).collect())
    }

    fn request(&self, credentials: Option<&HeaderValue>) -> reqwest::RequestBuilder {
        let request = self
            .instruments
            .client
            .get(without_credentials(&self.address))
            .header(header::ACCEPT, ACCEPT)
            .header(header::ACCEPT_LANGUAGE, ACCEPT_LANGUAGE)
            .header(header::ACCEPT_ENCODING, ACCEPT_ENCODING);
        match credentials {
            Some(credentials) => request.header(header::AUTHORIZATION, credentials),
            None => request,
        }
    }

    /// Where the response redirects to, if redirects are followed and it does.
    fn next_hop(&self, response: &Response, trace: &Trace) -> Result<Option<Url>, Failure> {
        let Some(redirects_max) = self.instruments.settings.redirects_max else {
            return Ok(None);
        };
        let location = response.headers().get(header::LOCATION);
        let redirects = match response.status().as_u16() {
            301 | 302 | 303 | 307 | 308 => true,
            // A choice among several: only a Location makes it a redirect.
            300 => location.is_some(),
            _ => false,
        };
        if !redirects {
            return Ok(None);
        }
        let next = hop(&self.address, location)
            .map_err(|detail| Failure::new(FailureReason::BadRedirect, None, detail))?;
        if trace.redirects() >= redirects_max {
            let detail = format!("more than {redirects_max} redirects (REDIRECT_MAX_TIMES)");
            return Err(Failure::new(FailureReason::TooManyRedirects, None, detail));
        }
        Ok(Some(next))
    }

    async fn read(&self, response: Response, trace: &Trace) -> Result<Option<Page>, Failure> {
        trace.enter(Phase::Body);
        let accepted = self.expected.accepts(response.status().as_u16());
        let reading = Reading {
            content: Content::of(response.headers()),
            // Only a page in which something is sought is kept, and nothing is sought in what a site
            // says when it fails.
            keep: self.expected.pattern.is_some() && accepted,
            is_plain: self.address.scheme() == "http",
            bytes_max: self.instruments.settings.body_bytes_max,
            memory: &self.instruments.memory,
        };
        let page = body::read(reading, response, trace).await?;
        trace.leave();
        Ok(page)
    }
}

fn note_head(response: Response, trace: &Trace) -> Response {
    trace.read_head(Head {
        status: response.status().as_u16(),
        http_version: match response.version() {
            Version::HTTP_2 => HttpVersion::Http2,
            Version::HTTP_10 | Version::HTTP_09 => HttpVersion::Http10,
            _ => HttpVersion::Http11,
        },
    });
    response
}
