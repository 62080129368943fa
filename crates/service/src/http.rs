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

/// How long to wait for a running service's answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);
/// Far more than its answer has.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// The text format that Prometheus reads.
pub(crate) const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

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
    let answer = ask(address, "/healthz").await?;
    anyhow::ensure!(
        answer.status == StatusCode::OK,
        "http://{address}/healthz answers {}",
        answer.status
    );
    Ok(())
}

/// What a running service says of itself.
#[derive(Debug)]
pub struct Readiness {
    /// It is able to work.
    pub is_ready: bool,
    /// Why not, and remarks, each a line.
    pub lines: Vec<String>,
}

/// Asks a running service's `/readyz`.
pub async fn readiness(address: SocketAddr) -> anyhow::Result<Readiness> {
    let answer = ask(address, "/readyz").await?;
    Ok(Readiness {
        is_ready: answer.status == StatusCode::OK,
        lines: answer.body.lines().map(str::to_owned).collect(),
    })
}

/// What a service answers.
struct Answer {
    status: StatusCode,
    body: String,
}

async fn ask(address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    let address = reachable(address);
    let bytes = within(ASK_TIMEOUT, async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream
            .take(ANSWER_BYTES_MAX)
            .read_to_end(&mut bytes)
            .await?;
        Ok(bytes)
    })
    .await
    .with_context(|| format!("asking http://{address}{path}"))?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split_whitespace().nth(1);
    let status = status.and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.with_context(|| format!("http://{address}{path} does not speak HTTP"))?,
        body: body.to_owned(),
    })
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
