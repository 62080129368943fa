//! The HTTP server of a service: `/healthz`, `/readyz`, `/metrics`, and the service's own pages.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use anyhow::Context;
pub use axum::Router;
use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{command_line::BadInput, health::Health, telemetry::Metrics};

/// How long [`check_health`] waits for the service's answer.
const HEALTH_CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// More of an answer than its status line needs.
const HEALTH_ANSWER_BYTES_MAX: u64 = 64;
/// The text format that Prometheus reads.
const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Opens the port. An address that cannot be had is a setting to change.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BadInput> {
    TcpListener::bind(address).await.map_err(|error| {
        BadInput::new(format!(
            "HTTP_LISTEN: cannot listen on {address}: {error}; choose another address or port"
        ))
    })
}

/// Serves `pages`, and beside them what every service has, until `stop`.
pub async fn serve(
    listener: TcpListener,
    pages: Router,
    health: Health,
    metrics: Metrics,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .with_state(health)
        .route(
            "/metrics",
            get(async move || ([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], metrics.render())),
        )
        .merge(pages);
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("serving HTTP")
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let (mut lines, mut status) = (health.problems(), StatusCode::SERVICE_UNAVAILABLE);
    if lines.is_empty() {
        (lines, status) = (vec!["ready".to_owned()], StatusCode::OK);
    }
    lines.extend(health.remarks());
    (status, lines.join("\n") + "\n")
}

/// Asks a running service's `/healthz`: for containers, whose images hold no HTTP client.
pub async fn check_health(address: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(address);
    let answer = within(HEALTH_CHECK_TIMEOUT, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream
            .take(HEALTH_ANSWER_BYTES_MAX)
            .read_to_end(&mut answer)
            .await?;
        Ok(answer)
    })
    .await
    .with_context(|| format!("asking http://{address}/healthz"))?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split_whitespace().nth(1);
    anyhow::ensure!(
        status == Some("200"),
        "http://{address}/healthz answers {answer:?}"
    );
    Ok(())
}

/// A server that listens on every address is asked on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
