//! A request as a browser makes it, and what came.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// From the connection's begin to the answer's first byte.
    pub(crate) first_byte: Duration,
    /// Head and body, as they were sent.
    pub(crate) bytes: usize,
}

/// Asks on a connection of its own.
pub(crate) async fn ask(address: &str, path: &str) -> anyhow::Result<Answer> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = vec![stream.read_u8().await?];
    let first_byte = began.elapsed();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(&answer[..answer.len().min(64)]);
    let status = head.split(' ').nth(1).context("a status")?.parse()?;
    Ok(Answer {
        status,
        first_byte,
        bytes: answer.len(),
    })
}
