//! One url asked for: from its addresses to the head of the response.

use std::net::IpAddr;

use http::{
    HeaderMap, StatusCode, Version,
    header::{self, HeaderValue},
};
use messages::{Failure, FailureReason, HttpVersion, Phase};
use reqwest::{Body, Method, Request, Response};
use url::{Host, Url};

use super::{credentials::without_credentials, proxied};
use crate::probe::{
    connect::{Addresses, Unanswered, candidates, first_connected},
    failure,
    instruments::Instruments,
    proxy::SitesProxy,
    request::Asking,
    resolve::Found,
    tls::{Offer, refused_name},
    trace::{Head, Trace},
};

/// What only a proxy says, or a portal on the way, that takes no request from us.
const AUTHENTICATION_REQUIRED: [StatusCode; 2] = [
    StatusCode::PROXY_AUTHENTICATION_REQUIRED,
    StatusCode::NETWORK_AUTHENTICATION_REQUIRED,
];

/// What is asked for, and what with.
pub(super) struct Question<'a> {
    pub(super) instruments: &'a Instruments,
    pub(super) asking: &'a Asking,
    pub(super) url: &'a Url,
    pub(super) method: Method,
    /// Headers beside those of every request, or instead of them.
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
    pub(super) trace: &'a Trace,
}

impl Question<'_> {
    /// Asks whichever of the site's addresses answers first.
    pub(super) async fn ask(&self) -> Result<Response, Failure> {
        let mut addresses = self.addresses().await?;
        self.check_server_name()?;
        let mut asked = self.ask_at(&mut addresses, self.offer()).await;
        if let Err(Unanswered::Failed(error)) = &asked
            && failure::wants_http1(error)
        {
            let (reason, detail) = failure::of_http(error);
            let over_http2 = self.trace.fail(reason, detail);
            asked = self.ask_at(&mut addresses, Offer::Http1).await;
            // One that speaks nothing else refuses the handshake, which had been well.
            if asked.is_err() && self.trace.phase() == Some(Phase::Tls) {
                return Err(over_http2);
            }
        }
        match (asked, &self.instruments.settings.proxy) {
            (Ok(response), Some(proxy))
                if self.is_answered_by(proxy)
                    && AUTHENTICATION_REQUIRED.contains(&response.status()) =>
            {
                let status = response.status().as_u16();
                Err(proxy.at_fault(&format!("it wants to know who asks (status {status})")))
            }
            // What follows is no page. Whoever wants that sends the header for it.
            (Ok(response), _)
                if response.status() == StatusCode::SWITCHING_PROTOCOLS
                    && !self.headers.contains_key(header::UPGRADE) =>
            {
                let detail = "the site changes to another protocol, which nobody asked for";
                Err(self.trace.fail(FailureReason::ProtocolError, detail))
            }
            (Ok(response), _) => Ok(response),
            (Err(Unanswered::Unconnected(failure)), Some(proxy)) => {
                Err(proxied::blame(proxy, failure, addresses.known(), self.url).await)
            }
            // One that does not get a site's answer says so by one of its own.
            (Err(error), Some(proxy)) if self.is_answered_by(proxy) => {
                let failure = self.failure(error);
                Err(proxy.at_fault(&failure.detail.unwrap_or_default()))
            }
            (Err(error), _) => Err(self.failure(error)),
        }
    }

    /// The versions of HTTP that are offered. Over HTTP/2 the url names the host, and a `Host` of the target's
    /// own would contradict it: sites pass over that, or refuse it.
    fn offer(&self) -> Offer {
        if self.headers.contains_key(header::HOST) {
            Offer::Http1
        } else {
            Offer::Http2AndHttp1
        }
    }

    /// Whether it is the proxy that is asked for the page, and not the site through its tunnel.
    fn is_answered_by(&self, proxy: &SitesProxy) -> bool {
        proxy.speaks_http() && self.url.scheme() == "http"
    }

    /// The addresses of the url's host that may be probed.
    async fn addresses(&self) -> Result<Addresses, Failure> {
        if let Some(proxy) = &self.instruments.settings.proxy {
            return self.addresses_of(proxy).await;
        }
        let found = match self.url.host() {
            Some(Host::Ipv4(address)) => Found::whole(vec![address.into()]),
            Some(Host::Ipv6(address)) => Found::whole(vec![address.into()]),
            Some(Host::Domain(name)) => {
                self.trace.enter(Phase::Dns);
                let (resolver, only) = (&self.instruments.resolver, self.asking.ip_version);
                let found = resolver.resolve(name, only).await;
                self.trace.leave();
                found.map_err(|(reason, detail)| self.unresolved(reason, detail))?
            }
            None => Found::default(),
        };
        let port = self.url.port_or_known_default().unwrap_or_default();
        let found = Found {
            addresses: self.of_family(found.addresses)?,
            ..found
        };
        candidates(found, port, &self.instruments.settings.policy).await
    }

    fn unresolved(&self, reason: FailureReason, detail: String) -> Failure {
        let detail = match self.asking.ip_version {
            Some(version) if reason == FailureReason::DnsNotFound => {
                format!("{detail}; only {version} was asked for (the target's ip_version)")
            }
            _ => detail,
        };
        self.trace.fail(reason, detail)
    }

    /// The addresses of the proxy, which resolves the url's host itself: of what is asked of that,
    /// only the spelt address can be judged.
    async fn addresses_of(&self, proxy: &SitesProxy) -> Result<Addresses, Failure> {
        let literal = match self.url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
            _ => None,
        };
        let policy = &self.instruments.settings.policy;
        if let Some(objection) = literal.and_then(|address| policy.objection(address)) {
            let reason = FailureReason::AddressForbidden;
            return Err(Failure::new(reason, None, objection));
        }
        if self.asking.ip_version.is_some() {
            return Err(proxy.at_fault("it chooses the address, so that ip_version cannot be kept"));
        }
        proxied::addresses(proxy, &self.instruments.resolver).await
    }

    /// Those of the only family that the target takes.
    fn of_family(&self, mut found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Failure> {
        let Some(version) = self.asking.ip_version else {
            return Ok(found);
        };
        found.retain(|address| version.takes(*address));
        if !found.is_empty() {
            return Ok(found);
        }
        let host = self.url.host_str().unwrap_or_default();
        let detail = format!("{host} has no {version} address (the target's ip_version)");
        Err(match self.url.host() {
            Some(Host::Domain(_)) => self.trace.fail(FailureReason::DnsNotFound, detail),
            _ => Failure::new(FailureReason::ConnectUnreachable, None, detail),
        })
    }

    async fn ask_at(
        &self,
        addresses: &mut Addresses,
        offer: Offer,
    ) -> Result<Response, Unanswered<reqwest::Error>> {
        let client = self
            .instruments
            .clients
            .offering(offer, self.asking.verify_tls);
        let limit = self.instruments.settings.connect_timeout;
        let ask = || client.execute(self.request());
        let response = first_connected(addresses, limit, self.trace, ask).await?;
        let status = response.status().as_u16();
        let http_version = match response.version() {
            Version::HTTP_2 => HttpVersion::Http2,
            Version::HTTP_10 | Version::HTTP_09 => HttpVersion::Http10,
            _ => HttpVersion::Http11,
        };
        self.trace.read_head(Head {
            status,
            http_version,
        });
        self.trace
            .note(|story| story.is_answered(status, http_version, response.headers()));
        Ok(response)
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), without_credentials(self.url));
        request.headers_mut().clone_from(&self.headers);
        // Without it some servers wait for a body, or refuse the request (411).
        let has_content = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        if has_content && self.body.is_none() {
            let headers = request.headers_mut();
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        *request.body_mut() = self.body.clone().map(Body::from);
        request
    }

    /// It is us who cannot look, whatever the site is.
    fn check_server_name(&self) -> Result<(), Failure> {
        let Some(name) = refused_name(self.url) else {
            return Ok(());
        };
        let detail = format!(
            "this monitor's TLS library takes no such name as {name:?} (a label that begins or ends with a \
             hyphen?); browsers may show the page"
        );
        Err(Failure::new(FailureReason::ProberFailed, None, detail))
    }

    fn failure(&self, unanswered: Unanswered<reqwest::Error>) -> Failure {
        let (reason, detail) = match unanswered {
            Unanswered::Unconnected(failure) => return failure,
            Unanswered::Failed(error) if self.trace.phase() == Some(Phase::Tls) => {
                failure::of_handshake(&error)
            }
            Unanswered::Failed(error) => failure::of_http(&error),
        };
        self.trace.fail(reason, detail)
    }
}
