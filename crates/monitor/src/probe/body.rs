//! The body: streamed, decoded, counted up to its cap, and kept only when something is sought in it.

use std::{io, pin::Pin, time::Duration};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use futures_util::{Stream, StreamExt, future::ready};
use hyper::body::Bytes;
use messages::{Failure, FailureReason};
use metrics::counter;
use reqwest::{Response, Version, header};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader},
    sync::OwnedSemaphorePermit,
    task::coop::consume_budget,
    time::{Instant, timeout},
};
use tokio_util::io::StreamReader;

use super::{
    failure,
    memory::{Lease, Memory},
    page::{Coding, Content, Page},
    trace::Trace,
};

/// The step in which a page grows.
const STEP_BYTES: usize = 16 * 1024;
/// What every body may bring without leave.
const FREE_FLOW_BYTES: usize = 16 * 1024;
/// How long a body that may flow at full speed can be silent.
const FLOW_PATIENCE: Duration = Duration::from_millis(100);
/// How long a page may take before it yields its memory to pages that wait, how often that is looked
/// at, and the steps that a page must have to be worth it.
const YIELD_AFTER: Duration = Duration::from_secs(2);
const YIELD_INTERVAL: Duration = Duration::from_millis(250);
const YIELDED_STEPS_MIN: usize = 4;
/// What a decoder takes before it has decoded anything.
const DECODER_BYTES: usize = 48 * 1024;
/// Codings that may be piled on each other.
const CODINGS_MAX: usize = 3;
/// The largest window that zstd may ask for, as a power of two: 8 MiB, what browsers take.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// What to read, and how.
pub(super) struct Reading<'a> {
    pub(super) content: Content,
    /// Whether the page is wanted, or only its length.
    pub(super) keep: bool,
    /// The cap on decoded bytes.
    pub(super) bytes_max: usize,
    pub(super) memory: &'a Memory,
}

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
type Decoded = Pin<Box<dyn AsyncBufRead + Send>>;

/// A body that is being read.
struct Body<'a> {
    decoded: Decoded,
    memory: &'a Memory,
    trace: &'a Trace,
    began: Instant,
    /// Decoded bytes read so far.
    read: usize,
    /// Decoders that keep what they have decoded.
    windows: usize,
    /// What was read, when it is wanted.
    page: Option<Vec<Vec<u8>>>,
    /// What page and decoders take.
    lease: Lease<'a>,
    /// Held while it flows at full speed. Never while it waits for memory, which those that have it
    /// may give back only once they flow.
    flow: Option<OwnedSemaphorePermit>,
}

/// Reads the body to its end or its cap. Gives the page when it is wanted and may be a text.
pub(super) async fn read(
    reading: Reading<'_>,
    response: Response,
    trace: &Trace,
) -> Result<Option<Page>, Failure> {
    let Reading {
        mut content,
        keep,
        bytes_max,
        memory,
    } = reading;
    let codings = std::mem::take(&mut content.codings);
    if codings.len() > CODINGS_MAX {
        let detail = format!("{} content codings piled on each other", codings.len());
        return Err(trace.fail(FailureReason::ProtocolError, detail));
    }
    let keep = keep && content.may_be_text();
    let windows = codings.iter().filter(|coding| coding.keeps_window());
    let decoded = decode(pieces(response), &codings).await;
    let mut body = Body {
        decoded: decoded.map_err(|error| fail(trace, &error))?,
        memory,
        trace,
        began: Instant::now(),
        read: 0,
        windows: windows.count(),
        page: keep.then(Vec::new),
        lease: memory.lease(),
        flow: None,
    };
    body.take(codings.len() * DECODER_BYTES).await;
    body.read_to(bytes_max).await?;
    let truncated = body.read == bytes_max && body.goes_on().await?;
    if truncated {
        trace.truncate_body();
    }
    let Body { page, lease, .. } = body;
    Ok(page.map(|chunks| Page::new(chunks, content, truncated, lease.keep())))
}

impl Body<'_> {
    async fn read_to(&mut self, bytes_max: usize) -> Result<(), Failure> {
        while self.read < bytes_max {
            self.yield_to_others();
            self.take((usize::from(self.page.is_some()) + self.windows) * STEP_BYTES)
                .await;
            let chunk = self.chunk(STEP_BYTES.min(bytes_max - self.read)).await?;
            if chunk.is_empty() {
                break;
            }
            if let Some(page) = &mut self.page {
                page.push(chunk);
            }
        }
        Ok(())
    }

    /// Takes memory, and waits for it without standing in anybody's way.
    async fn take(&mut self, bytes: usize) {
        if !self.lease.try_grow(bytes) {
            self.flow = None;
            self.trace.wait_for_memory(self.lease.grow(bytes)).await;
        }
    }

    /// So many more bytes, or fewer at the end.
    async fn chunk(&mut self, wanted: usize) -> Result<Vec<u8>, Failure> {
        let mut chunk = Vec::with_capacity(wanted);
        while chunk.len() < wanted {
            self.await_more().await?;
            let mut rest = (&mut self.decoded).take((wanted - chunk.len()) as u64);
            let read = rest.read_buf(&mut chunk).await;
            let read = read.map_err(|error| fail(self.trace, &error))?;
            if read == 0 {
                break;
            }
            self.read += read;
            self.trace.read_body(read);
            // Decoding can go on for long without waiting for anything.
            consume_budget().await;
        }
        Ok(chunk)
    }

    /// Waits for more. Past its first part a body needs leave to flow at full speed, and loses it
    /// when nothing comes for a while: a site that is slow needs none.
    async fn await_more(&mut self) -> Result<(), Failure> {
        if self.flow.is_none() && self.read >= FREE_FLOW_BYTES {
            self.flow = self.trace.wait_for_memory(self.memory.flow()).await;
        }
        let mut came = timeout(FLOW_PATIENCE, self.decoded.fill_buf()).await.ok();
        while came.is_none() {
            self.flow = None;
            self.yield_to_others();
            came = timeout(YIELD_INTERVAL, self.decoded.fill_buf()).await.ok();
        }
        let came = came.transpose().map_err(|error| fail(self.trace, &error));
        came.map(drop)
    }

    /// A page that takes long lets go of its text when others wait for the memory, so that sites that
    /// trickle cannot stop the search in all others. How the site does is still measured.
    fn yield_to_others(&mut self) {
        let holds = self.page.as_ref().map_or(0, Vec::len);
        let is_slow = holds >= YIELDED_STEPS_MIN && self.began.elapsed() > YIELD_AFTER;
        if is_slow && self.memory.is_short() {
            self.page = None;
            self.lease.give_back(holds * STEP_BYTES);
            counter!("monitor_pages_given_up_total").increment(1);
        }
    }

    async fn goes_on(&mut self) -> Result<bool, Failure> {
        let more = self.decoded.fill_buf().await;
        let more = more.map_err(|error| fail(self.trace, &error))?;
        Ok(!more.is_empty())
    }
}

/// The body as it comes. Where no length was promised, it is whole when the connection ends, with or
/// without the farewell that TLS asks for.
fn pieces(response: Response) -> Pieces {
    let headers = response.headers();
    let promised = response.version() == Version::HTTP_2
        || headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING);
    let pieces = response
        .bytes_stream()
        .take_while(move |piece| {
            let bare_end = piece
                .as_ref()
                .is_err_and(|error| failure::is_bare_end(error));
            ready(promised || !bare_end)
        })
        .map(|piece| piece.map_err(io::Error::other));
    Box::pin(pieces)
}

/// Undoes the codings, the last one applied first.
async fn decode(pieces: Pieces, codings: &[Coding]) -> io::Result<Decoded> {
    let mut decoded: Decoded = Box::pin(StreamReader::new(pieces));
    for coding in codings.iter().rev() {
        let first = decoded.fill_buf().await?;
        // An empty body needs no decoding: servers send such with a coding all the same.
        let Some(first) = first.first().copied() else {
            break;
        };
        decoded = match coding {
            Coding::Gzip => Box::pin(BufReader::new(GzipDecoder::new(decoded))),
            Coding::Brotli => Box::pin(BufReader::new(BrotliDecoder::new(decoded))),
            Coding::Zstd => {
                let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX)];
                Box::pin(BufReader::new(ZstdDecoder::with_params(decoded, &window)))
            }
            // "deflate" means zlib, and servers send the bare format: a zlib header tells.
            Coding::Deflate if first & 0x0f == 8 && first >> 4 <= 7 => {
                Box::pin(BufReader::new(ZlibDecoder::new(decoded)))
            }
            Coding::Deflate => Box::pin(BufReader::new(DeflateDecoder::new(decoded))),
        };
    }
    Ok(decoded)
}

fn fail(trace: &Trace, error: &io::Error) -> Failure {
    // What the connection says comes wrapped; anything else is a decoder's.
    let connection = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    let (reason, detail) = match connection {
        Some(error) => failure::of_http(error),
        None => (
            FailureReason::ProtocolError,
            format!("the content coding is broken: {error}"),
        ),
    };
    trace.fail(reason, detail)
}
