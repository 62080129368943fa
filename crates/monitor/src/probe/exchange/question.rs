//! One url asked for: the connection, the handshake, the request, up to the head of the response.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use hyper::{HeaderMap, Version};
use messages::{Failure, FailureReason, HttpVersion, Phase};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Host, Url};

use crate::probe::{
    connect::{candidates, connect},
    failure,
    http::{self, Answer, AskError, Wire},
    instruments::Instruments,
    tls::Offer,
    trace::{Head, Trace},
};

/// What is asked for, and what with.
pub(super) struct Question<'a> {
    pub(super) instruments: &'a Instruments,
    pub(super) url: &'a Url,
    /// Headers beside those of every request.
    pub(super) headers: HeaderMap,
    pub(super) trace: &'a Trace,
}

/// Why a question has no answer.
enum Unanswered {
    Failed(Failure),
    Handshake(io::Error),
    Asked(AskError, Wire),
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Unanswered {
    fn wants_http1(&self) -> bool {
        matches!(self, Self::Asked(AskError::Http(error), Wire::Http2) if failure::wants_http1(error))
    }
}

impl Question<'_> {
    /// Asks whichever of the site's addresses answers first.
    pub(super) async fn ask(&self) -> Result<Answer, Failure> {
        let addresses = self.addresses().await?;
        let mut asked = self.ask_at(&addresses, Offer::Http2AndHttp1).await;
        if asked.as_ref().is_err_and(Unanswered::wants_http1) {
            asked = self.ask_at(&addresses, Offer::Http1).await;
        }
        asked.map_err(|error| self.failure(error))
    }

    /// The addresses of the url's host that may be probed.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found = match self.url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::from(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::from(address)],
            Some(Host::Domain(name)) => {
                self.trace.enter(Phase::Dns);
                let resolved = self.instruments.resolver.resolve(name).await;
                self.trace.leave();
                resolved.map_err(|(reason, detail)| self.trace.fail(reason, detail))?
            }
            None => Vec::new(),
        };
        let port = self.url.port_or_known_default().unwrap_or_default();
        candidates(found, port)
    }

    async fn ask_at(&self, addresses: &[SocketAddr], offer: Offer) -> Result<Answer, Unanswered> {
        let limit = self.instruments.settings.connect_timeout;
        let stream = connect(addresses, limit, self.trace).await?;
        if self.url.scheme() == "http" {
            return self.ask_over(stream, Wire::Http1).await;
        }
        self.trace.enter(Phase::Tls);
        let name = self.server_name()?;
        let handshake = self
            .instruments
            .tls
            .handshake(name, stream, offer, self.trace);
        let (stream, wire) = handshake.await.map_err(Unanswered::Handshake)?;
        self.ask_over(stream, wire).await
    }

    async fn ask_over(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        wire: Wire,
    ) -> Result<Answer, Unanswered> {
        self.trace.enter(Phase::FirstByte);
        let limit = self.instruments.settings.total_timeout;
        let asked = http::ask(stream, wire, self.url, &self.headers, limit).await;
        let answer = asked.map_err(|error| Unanswered::Asked(error, wire))?;
        self.trace.read_head(Head {
            status: answer.head.status.as_u16(),
            http_version: match answer.head.version {
                Version::HTTP_2 => HttpVersion::Http2,
                Version::HTTP_10 | Version::HTTP_09 => HttpVersion::Http10,
                _ => HttpVersion::Http11,
            },
        });
        Ok(answer)
    }

    /// Whom the certificate must be for.
    fn server_name(&self) -> Result<ServerName<'static>, Failure> {
        match self.url.host() {
            Some(Host::Ipv4(address)) => Ok(IpAddr::from(address).into()),
            Some(Host::Ipv6(address)) => Ok(IpAddr::from(address).into()),
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| {
                let detail = format!(
                    "{name:?} is no name that the TLS library takes (a label that ends in a \
                     hyphen?): browsers are less strict here than this monitor"
                );
                self.trace.fail(FailureReason::ProberFailed, detail)
            }),
            None => Err(self.trace.fail(FailureReason::ProberFailed, "no host")),
        }
    }

    fn failure(&self, unanswered: Unanswered) -> Failure {
        let (reason, detail) = match unanswered {
            Unanswered::Failed(failure) => return failure,
            Unanswered::Handshake(error) => failure::of_handshake(&error),
            Unanswered::Asked(AskError::Http(error), _) => failure::of_http(&error),
            Unanswered::Asked(error @ AskError::Unwritable(_), _) => {
                (FailureReason::ProberFailed, error.to_string())
            }
        };
        self.trace.fail(reason, detail)
    }
}
