//! The smallest server that gives a page, or behaves badly.

use std::{
    future::pending,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

const PAGE_BYTES: usize = 10_000;
/// What a bomb becomes when it is unpacked.
const BOMB_BYTES: usize = 64 << 20;
/// Of a site that is slow, from one byte to the next.
const SLOW_PAUSE: Duration = Duration::from_millis(200);
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n";

/// What is given, made ready.
pub(super) struct Pages {
    /// Good pages, so far.
    pub(super) given: AtomicU64,
    good: Vec<u8>,
    bomb: Vec<u8>,
}

impl Pages {
    pub(super) fn new() -> io::Result<Self> {
        let mut text = String::from("<html><title>Bench</title>");
        while text.len() < PAGE_BYTES {
            text.push_str("<p>Nothing that anybody seeks stands in this paragraph.</p>\n");
        }
        text.truncate(PAGE_BYTES - 40);
        text.push_str("<p>All systems operational</p></html>\n\n\n");
        let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
        bomb.write_all(&vec![b' '; BOMB_BYTES])?;
        Ok(Self {
            given: AtomicU64::new(0),
            good: message("", text.as_bytes()),
            bomb: message("Content-Encoding: gzip\r\n", &bomb.finish()?),
        })
    }
}

fn message(header: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{HEAD}{header}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, pages: Arc<Pages>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, pages) = (tls.clone(), Arc::clone(&pages));
        // What goes wrong with a visitor is the visitor's to count.
        tokio::spawn(async move { receive(stream, tls, &pages).await.ok() });
    }
}

async fn receive(stream: TcpStream, tls: Option<TlsAcceptor>, pages: &Pages) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => answer(tls.accept(stream).await?, pages).await,
        None => answer(stream, pages).await,
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, pages: &Pages) -> io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let asks_for = |path: &[u8]| request.starts_with(&[b"GET ", path].concat());
    if asks_for(b"/page/") {
        pages.given.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&pages.good).await?;
    } else if asks_for(b"/bomb/") {
        stream.write_all(&pages.bomb).await?;
    } else if asks_for(b"/endless/") {
        stream.write_all(HEAD.as_bytes()).await?;
        stream.write_all(b"\r\n").await?;
        loop {
            stream.write_all(&pages.good).await?;
        }
    } else if asks_for(b"/slow/") {
        for byte in &pages.good {
            stream.write_all(&[*byte]).await?;
            sleep(SLOW_PAUSE).await;
        }
    } else {
        pending::<()>().await;
    }
    // Until the visitor goes.
    stream.read_to_end(&mut request).await?;
    Ok(())
}
