//! Probes of sites that behave as sites do, over real sockets on loopback.

mod asking;
mod canaries;
mod content;
mod encrypted;
mod expected;
mod hops;
mod names;
mod protocol;
mod proxied;
mod sites;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use messages::{Match, Outcome, Phase, Probe, Response};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::*;
use crate::pattern::Pattern;

const SECOND: Duration = Duration::from_secs(1);
/// How long a site that hangs is waited for: so long that a busy machine reaches it in time.
const PATIENCE: Duration = Duration::from_millis(1500);

fn settings() -> ProbeSettings {
    ProbeSettings {
        dns_timeout: SECOND * 5,
        connect_timeout: SECOND * 5,
        total_timeout: SECOND * 20,
        redirects_max: None,
        body_bytes_max: 100_000,
        extra_authorities: Vec::new(),
        policy: Policy::default(),
        proxy: None,
        notes: None,
    }
}

/// The settings for a site that hangs.
fn impatient() -> ProbeSettings {
    ProbeSettings {
        total_timeout: PATIENCE,
        ..settings()
    }
}

fn request(url: &str, regexp: &str) -> ProbeRequest {
    ProbeRequest {
        url: Url::parse(url).unwrap(),
        timeout: None,
        deadline: None,
        asking: Asking::default(),
        expected: Expectation {
            pattern: (!regexp.is_empty()).then(|| Pattern::parse(regexp).unwrap()),
            ..Expectation::default()
        },
    }
}

async fn probe_with(settings: ProbeSettings, url: &str, regexp: &str) -> Outcome {
    let instruments = Instruments::new(settings).unwrap();
    probe_by(&instruments, url, regexp).await
}

async fn probe_by(instruments: &Instruments, url: &str, regexp: &str) -> Outcome {
    instruments
        .probe(&request(url, regexp), &CancellationToken::new())
        .await
        .outcome
}

async fn probe(url: &str, regexp: &str) -> Outcome {
    probe_with(settings(), url, regexp).await
}

fn up(outcome: Outcome) -> (Probe, Response) {
    match outcome {
        Outcome::Up { probe, response } => (probe, response),
        other => panic!("not up: {other:?}"),
    }
}

fn down(outcome: Outcome) -> (Probe, Option<Response>, Failure) {
    match outcome {
        Outcome::Down {
            probe,
            response,
            failure,
        } => (probe, response, failure),
        other => panic!("not down: {other:?}"),
    }
}

/// A site that reads a request and answers with these bytes, then closes.
async fn site(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> String {
    let answer = Arc::new(answer);
    serve(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            read_request(&mut stream).await?;
            stream.write_all((*answer).as_ref()).await
        }
    })
    .await
}

/// A site that does this with each connection.
async fn serve<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // What the probe hung up on is no failure of the test.
            let handling = handle(stream);
            tokio::spawn(async move { handling.await.ok() });
        }
    });
    format!("http://{address}/")
}

/// Reads a request's head.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// Closes so that the other side is told that the connection is broken.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

async fn hang<T>(_keep: T) -> io::Result<()> {
    std::future::pending().await
}

fn page(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}\r\n");
    let head = std::mem::take(&mut answer).into_bytes();
    [head.as_slice(), body].concat()
}

fn found(text: &str) -> Match {
    Match::Matched(text.into())
}

/// Requests that a site has seen.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<String>>>);

impl Requests {
    fn note(&self, request: String) {
        self.0.lock().unwrap().push(request);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn write_slowly(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
