//! The body as it comes.

use std::{io, pin::Pin};

use futures_util::{Stream, StreamExt, future::ready};
use http::{Version, header};
use hyper::body::Bytes;
use reqwest::Response;
use tokio::io::AsyncBufRead;

use crate::probe::failure;

/// A body of which some or all codings are undone.
pub(super) type Decoded = Pin<Box<dyn AsyncBufRead + Send>>;

/// The body before anything is undone.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The body as it comes. Where no length was promised, it is whole when the connection ends, with or
/// without the farewell that TLS asks for.
pub(super) fn pieces(response: Response) -> Pieces {
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
