//! The HTTP client, and what it is made to tell.
//!
//! The client itself says only that a request failed, not in which phase. So it is given a resolver,
//! a connector layer, a TLS session store and a certificate verifier of our own, all of which note
//! on the probe's [`Trace`] what they see. Which probe that is, a task-local tells them: the client
//! calls each of them on the task that makes the request.

use std::{
    error::Error,
    fmt,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use messages::Phase;
use reqwest::{
    Client,
    dns::{Name, Resolve, Resolving},
    redirect, retry,
};
use rustls::ClientConfig;
use tokio::time::{Instant, sleep_until};
use tower::{Layer, Service};

use super::trace::Trace;

/// How requests name themselves.
const USER_AGENT: &str = concat!("websites-monitor/", env!("CARGO_PKG_VERSION"));
/// Lines of a response's head. Clients take a hundred unless told otherwise, browsers far more.
const HEADERS_MAX: usize = 1000;
/// What a site may send over HTTP/2 before it is read, and its head.
const HTTP2_WINDOW_BYTES: u32 = 64 * 1024 - 1;
const HTTP2_HEAD_BYTES_MAX: u32 = 64 * 1024;

tokio::task_local! {
    /// The attempt that this task makes.
    static ATTEMPT: Attempt;
}

/// One connection to be made, to one address.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) trace: Trace,
    pub(super) address: SocketAddr,
    /// When its TCP connect has taken too long.
    pub(super) connect_until: Instant,
}

impl Attempt {
    /// Does the work with this attempt in the hooks' sight.
    pub(super) async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        ATTEMPT.scope(self, work).await
    }
}

/// What the hooks note on, if the task makes an attempt.
pub(super) fn trace() -> Option<Trace> {
    ATTEMPT.try_with(|attempt| attempt.trace.clone()).ok()
}

/// Makes the client that all probes share. Each request has a connection of its own: a monitor
/// measures the path, not the pool.
pub(super) fn client(tls: ClientConfig) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(USER_AGENT)
        .tls_backend_preconfigured(tls)
        .dns_resolver(Chosen)
        .connector_layer(Marks)
        .pool_max_idle_per_host(0)
        .pool_idle_timeout(Duration::ZERO)
        .no_proxy()
        .referer(false)
        // Hops are followed, and content is decoded, where they can be told and bounded.
        .redirect(redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        // A request that is silently sent again would hide what happened.
        .retry(retry::never())
        .tcp_nodelay(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_max_headers(HEADERS_MAX)
        .http2_initial_stream_window_size(HTTP2_WINDOW_BYTES)
        .http2_initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .http2_max_header_list_size(HTTP2_HEAD_BYTES_MAX)
        .build()
}

/// A resolver that answers with the address of the attempt: names are resolved before.
struct Chosen;

impl Resolve for Chosen {
    fn resolve(&self, _name: Name) -> Resolving {
        let address = ATTEMPT.try_with(|attempt| attempt.address);
        Box::pin(async move {
            let addresses: reqwest::dns::Addrs = Box::new(std::iter::once(address?));
            Ok(addresses)
        })
    }
}

/// Marks the TCP connect and bounds it. Where TLS follows, the session store marks where.
#[derive(Clone, Copy, Debug)]
struct Marks;

#[derive(Clone, Debug)]
struct Marked<S>(S);

/// The TCP connect took too long.
#[derive(Debug)]
pub(super) struct ConnectTimedOut;

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no answer")
    }
}

impl Error for ConnectTimedOut {}

impl<S> Layer<S> for Marks {
    type Service = Marked<S>;

    fn layer(&self, inner: S) -> Marked<S> {
        Marked(inner)
    }
}

impl<S, Request> Service<Request> for Marked<S>
where
    S: Service<Request, Error = Box<dyn Error + Send + Sync>>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let attempt = ATTEMPT.try_with(Clone::clone);
        if let Ok(attempt) = &attempt {
            attempt.trace.talks_to(attempt.address);
            attempt.trace.enter(Phase::Connect);
        }
        let connecting = self.0.call(request);
        Box::pin(async move {
            let attempt = attempt?;
            let connection = tokio::select! {
                connection = connecting => connection?,
                () = connect_timed_out(&attempt) => return Err(ConnectTimedOut.into()),
            };
            attempt.trace.enter(Phase::FirstByte);
            Ok(connection)
        })
    }
}

/// Ends when the TCP connect has taken too long; a TLS handshake has all the time of the probe.
async fn connect_timed_out(attempt: &Attempt) {
    sleep_until(attempt.connect_until).await;
    if attempt.trace.phase() != Some(Phase::Connect) {
        std::future::pending::<()>().await;
    }
}
