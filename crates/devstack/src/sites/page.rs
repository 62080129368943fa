//! What a sample site answers.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// An answer, and how long it is in coming.
#[derive(Clone, Debug)]
pub(super) struct Page {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    pub(super) delay: Duration,
}

impl Page {
    /// A page with this text in it.
    pub(super) fn html(text: &str) -> Self {
        let body = format!("<!doctype html>\n<title>A sample site</title>\n<p>{text}</p>\n");
        Self {
            status: 200,
            headers: vec![("Content-Type", "text/html; charset=utf-8")],
            body: body.into_bytes(),
            delay: Duration::ZERO,
        }
    }

    /// A page of at least so many bytes, whose last words are "The end of a long story".
    pub(super) fn long(bytes: usize) -> Self {
        const SENTENCE: &str = "And so it went on and on.\n";
        let story = SENTENCE.repeat(bytes.div_ceil(SENTENCE.len()));
        Self::html(&format!("{story}The end of a long story"))
    }

    /// An answer that sends the visitor elsewhere.
    pub(super) fn redirect(location: &'static str) -> Self {
        let mut page = Self::html("Moved.").with_status(302);
        page.headers.push(("Location", location));
        page
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// The same page, compressed by gzip.
    pub(super) fn compressed(mut self) -> Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder
            .write_all(&self.body)
            .context("compressing a page")?;
        self.body = encoder.finish().context("compressing a page")?;
        self.headers.push(("Content-Encoding", "gzip"));
        Ok(self)
    }

    /// The whole answer as it goes over the wire.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            302 => "Found",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        let length = self.body.len();
        bytes.extend(format!("Content-Length: {length}\r\nConnection: close\r\n\r\n").into_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
