//! The body: streamed, decoded, counted up to its cap, and kept only when something is sought in it.

mod decode;
mod gzip;
mod members;
mod pieces;

use std::{io, time::Duration};

use http::Version;
use messages::{Failure, FailureReason};
use reqwest::Response;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt},
    task::coop::consume_budget,
    time::{Instant, timeout},
};

use self::{
    decode::decode,
    pieces::{Decoded, pieces},
};
use super::{
    client::buffers,
    failure,
    memory::{Lease, Memory},
    page::{Content, Page},
    trace::Trace,
};
use crate::numbers;

/// The step in which a page grows.
const STEP_BYTES: usize = 16 * 1024;
/// How long a page may take before it yields its memory to pages that wait, how often that is looked
/// at, and what it must have read to be worth it.
const YIELD_AFTER: Duration = Duration::from_secs(2);
const YIELD_INTERVAL: Duration = Duration::from_millis(250);
const YIELDED_BYTES_MIN: usize = 64 * 1024;
/// What a decoder takes before it has decoded anything.
const DECODER_BYTES: usize = 48 * 1024;
/// Codings that may be piled on each other.
const CODINGS_MAX: usize = 3;

/// What to read, and how.
pub(super) struct Reading<'a> {
    pub(super) content: Content,
    /// Whether the page is wanted, or only its length.
    pub(super) keep: bool,
    /// The cap on decoded bytes.
    pub(super) bytes_max: usize,
    pub(super) memory: &'a Memory,
}

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
    version: Version,
    /// What was read, when it is wanted.
    page: Option<Vec<Vec<u8>>>,
    /// What page, decoders and client take.
    lease: Lease<'a>,
}

/// Reads the body to its end or its cap. Gives the page when it is wanted.
pub(super) async fn read(
    reading: Reading<'_>,
    response: Response,
    trace: &Trace,
) -> Result<Option<Page>, Failure> {
    let mut content = reading.content;
    let codings = std::mem::take(&mut content.codings);
    // Of an answer without a body, as to HEAD, its head says what another one would have.
    let has_body = response.content_length() != Some(0);
    if let Some(unknown) = content.unknown_transfer.as_ref().filter(|_| has_body) {
        let detail = format!("the body is sent in a coding that is not known: {unknown:?}");
        return Err(trace.fail(FailureReason::ProtocolError, detail));
    }
    if has_body && codings.len() > CODINGS_MAX {
        let detail = format!("{} content codings piled on each other", codings.len());
        return Err(trace.fail(FailureReason::ProtocolError, detail));
    }
    let windows = codings.iter().filter(|coding| coding.keeps_window());
    let mut lease = reading.memory.lease();
    trace
        .wait_for_memory(lease.grow(codings.len() * DECODER_BYTES))
        .await;
    let version = response.version();
    let decoded = decode(pieces(response), &codings).await;
    let mut body = Body {
        decoded: decoded.map_err(|error| fail(trace, &error))?,
        memory: reading.memory,
        trace,
        began: Instant::now(),
        read: 0,
        windows: windows.count(),
        version,
        page: reading.keep.then(Vec::new),
        lease,
    };
    let truncated = body.read_to(reading.bytes_max).await?;
    if truncated {
        trace.truncate_body();
    }
    let Body { page, lease, .. } = body;
    Ok(page.map(|chunks| Page::new(chunks, content, truncated, lease.keep())))
}

impl Body<'_> {
    /// Reads to the end, or to the cap: then `true` when there would be more.
    async fn read_to(&mut self, bytes_max: usize) -> Result<bool, Failure> {
        while self.read < bytes_max {
            let step_bytes = self.step_bytes();
            self.trace
                .wait_for_memory(self.lease.grow(step_bytes))
                .await;
            let chunk = self.chunk(STEP_BYTES.min(bytes_max - self.read)).await?;
            if chunk.is_empty() {
                return Ok(false);
            }
            if let Some(page) = &mut self.page {
                page.push(chunk);
            }
        }
        let more = self.decoded.fill_buf().await;
        let more = more.map_err(|error| fail(self.trace, &error))?;
        Ok(!more.is_empty())
    }

    /// What the next step takes.
    fn step_bytes(&self) -> usize {
        let client = buffers::growth(self.version, self.read, STEP_BYTES);
        (usize::from(self.page.is_some()) + self.windows) * STEP_BYTES + client
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

    async fn await_more(&mut self) -> Result<(), Failure> {
        loop {
            self.yield_to_others()?;
            if let Ok(came) = timeout(YIELD_INTERVAL, self.decoded.fill_buf()).await {
                return came.map(drop).map_err(|error| fail(self.trace, &error));
            }
        }
    }

    /// A page that takes long gives way when others wait for memory, so that sites that trickle
    /// cannot stop the checks of all others. It lets go of its text first: how the site does is still
    /// measured. What the client holds, only the probe's end sets free.
    fn yield_to_others(&mut self) -> Result<(), Failure> {
        let is_slow = self.read >= YIELDED_BYTES_MIN && self.began.elapsed() >= YIELD_AFTER;
        if !is_slow || !self.memory.is_short() {
            return Ok(());
        }
        if let Some(chunks) = self.page.take() {
            numbers::PAGES_GIVEN_UP.counter().increment(1);
            self.lease.give_back(chunks.len() * STEP_BYTES);
            // That may be enough.
            self.began = Instant::now();
        } else if self.version != Version::HTTP_2 {
            let detail = "the page came slowly while other probes had no memory";
            return Err(self.trace.fail(FailureReason::ProberFailed, detail));
        }
        Ok(())
    }
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
