//! One request over one connection. A monitor measures the path, not a pool.

mod answer;
mod executor;
mod reads;
mod request;

use std::time::Duration;

use hyper::{
    HeaderMap,
    client::conn::{http1, http2},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

pub(super) use self::{answer::Answer, request::Wire};
use self::{answer::Connection, executor::BoundedExecutor, reads::SmallReads};

/// Lines of a response's head. The library takes a hundred unless told otherwise, browsers far more.
const HEADERS_MAX: usize = 1000;
/// Bytes of a response's head, as browsers bound it.
const HEAD_BYTES_MAX: usize = 256 * 1024;
/// What a site may send over HTTP/2 before it is read, and its head.
const HTTP2_WINDOW_BYTES: u32 = 64 * 1024 - 1;
const HTTP2_HEAD_BYTES_MAX: u32 = 64 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// A fault of ours.
    #[error("the request could not be written: {0}")]
    Unwritable(String),
    /// A fault of the site, or of the way to it.
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// Asks for the url over the connection, and waits for the head of the response. Past `limit`, nothing
/// of the connection is left.
pub(super) async fn ask(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    wire: Wire,
    url: &Url,
    headers: &HeaderMap,
    limit: Duration,
) -> Result<Answer, AskError> {
    let request = request::write(url, headers, wire).map_err(AskError::Unwritable)?;
    let io = TokioIo::new(SmallReads(io));
    let answer = match wire {
        Wire::Http1 => {
            let (mut sender, connection) = http1().handshake(io).await?;
            let response = sender.send_request(request);
            Connection::new(sender, connection).answer(response).await?
        }
        Wire::Http2 => {
            let (mut sender, connection) = http2(limit).handshake(io).await?;
            let response = sender.send_request(request);
            Connection::new(sender, connection).answer(response).await?
        }
    };
    Ok(answer)
}

/// HTTP/1 as forgiving as browsers are.
fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        // As browsers write them: some old servers know no other way.
        .title_case_headers(true);
    builder
}

fn http2(limit: Duration) -> http2::Builder<BoundedExecutor> {
    let mut builder = http2::Builder::new(BoundedExecutor(limit));
    builder
        .initial_stream_window_size(HTTP2_WINDOW_BYTES)
        .initial_connection_window_size(HTTP2_WINDOW_BYTES)
        .max_header_list_size(HTTP2_HEAD_BYTES_MAX);
    builder
}
