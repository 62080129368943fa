//! Undoing the codings of a body.

use std::io;

use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, ZlibDecoder};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::{
    members::{Format, Members},
    pieces::{Decoded, Pieces},
};
use crate::probe::page::Coding;

/// Undoes the codings, the last one applied first.
pub(super) async fn decode(pieces: Pieces, codings: &[Coding]) -> io::Result<Decoded> {
    let mut decoded: Decoded = Box::pin(StreamReader::new(pieces));
    for coding in codings.iter().rev() {
        let first = decoded.fill_buf().await?;
        // An empty body needs no decoding: servers send such with a coding all the same.
        let Some(first) = first.first().copied() else {
            break;
        };
        decoded = match coding {
            Coding::Gzip => Box::pin(BufReader::new(Members::new(Format::Gzip, decoded))),
            Coding::Brotli => Box::pin(BufReader::new(BrotliDecoder::new(decoded))),
            Coding::Zstd => Box::pin(BufReader::new(Members::new(Format::Zstd, decoded))),
            // "deflate" means zlib, and servers send the bare format: a zlib header tells.
            Coding::Deflate if first & 0x0f == 8 && first >> 4 <= 7 => {
                Box::pin(BufReader::new(ZlibDecoder::new(decoded)))
            }
            Coding::Deflate => Box::pin(BufReader::new(DeflateDecoder::new(decoded))),
        };
    }
    Ok(decoded)
}
