//! The body: streamed, decoded, counted up to its cap, and kept only when something is sought in it.

use std::{io, pin::Pin};

use async_compression::{
    tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use futures_util::{Stream, StreamExt, future::ready};
use hyper::body::Bytes;
use messages::{Failure, FailureReason};
use reqwest::{Response, Version, header};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::{
    failure,
    memory::{Lease, Memory},
    page::{Coding, Content, Page},
    trace::Trace,
};

/// The step in which a page grows.
const STEP_BYTES: usize = 16 * 1024;
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
    // Decoders other than gzip's keep what they have decoded, to refer back to it.
    let windows = codings
        .iter()
        .filter(|coding| coding.keeps_window())
        .count();
    let mut lease = memory.lease();
    grow(&mut lease, codings.len() * DECODER_BYTES, trace).await;
    let step_bytes = (usize::from(keep) + windows) * STEP_BYTES;
    let mut decoded = decode(pieces(response), &codings)
        .await
        .map_err(|error| fail(trace, &error))?;
    let mut chunks = Vec::new();
    let mut left = bytes_max;
    let mut truncated = false;
    loop {
        grow(&mut lease, step_bytes, trace).await;
        let mut chunk = Vec::with_capacity(STEP_BYTES);
        left -= fill(&mut decoded, &mut chunk, left, trace).await?;
        let ended = chunk.len() < STEP_BYTES && left > 0;
        if keep {
            chunks.push(chunk);
        }
        if ended {
            break;
        }
        if left == 0 {
            let more = decoded
                .fill_buf()
                .await
                .map_err(|error| fail(trace, &error))?;
            truncated = !more.is_empty();
            break;
        }
    }
    if truncated {
        trace.truncate_body();
    }
    Ok(keep.then(|| Page::new(chunks, content, truncated, lease.keep())))
}

/// Fills a chunk as far as the body and the cap allow.
async fn fill(
    decoded: &mut Decoded,
    chunk: &mut Vec<u8>,
    left: usize,
    trace: &Trace,
) -> Result<usize, Failure> {
    let wanted = STEP_BYTES.min(left);
    while chunk.len() < wanted {
        let mut rest = decoded.take((wanted - chunk.len()) as u64);
        let read = rest
            .read_buf(chunk)
            .await
            .map_err(|error| fail(trace, &error))?;
        trace.read_body(read);
        if read == 0 {
            break;
        }
    }
    Ok(chunk.len())
}

async fn grow(lease: &mut Lease<'_>, bytes: usize, trace: &Trace) {
    trace.set_waits_for_memory(true);
    lease.grow(bytes).await;
    trace.set_waits_for_memory(false);
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
