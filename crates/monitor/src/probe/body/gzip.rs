//! One member of a gzip body (RFC 1952), whose checksum may be missing.
//!
//! The library takes a member without it for cut off, and it is not: its data say themselves where they end. Browsers
//! show such pages. A checksum that is there has to be right.

use std::{
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_compression::tokio::bufread::DeflateDecoder;
use flate2::{Crc, bufread::GzDecoder};
use tokio::io::{AsyncRead, ReadBuf};

use super::pieces::Decoded;

/// The longest head. One that holds a file's name and a comment stays far below it.
const HEAD_BYTES_MAX: usize = 4096;
/// The checksum of what was coded, and its length.
const TAIL_BYTES: usize = 8;

/// Decodes one member.
pub(super) struct Gzip {
    state: State,
    crc: Crc,
}

enum State {
    Head(Decoded, Vec<u8>),
    Data(DeflateDecoder<Decoded>),
    Tail(Decoded, Vec<u8>),
    Over(Option<Decoded>),
}

impl Gzip {
    pub(super) fn new(coded: Decoded) -> Self {
        Self {
            state: State::Head(coded, Vec::new()),
            crc: Crc::new(),
        }
    }

    /// What comes after it; `None` when it was not read to its end.
    pub(super) fn rest(self) -> Option<Decoded> {
        match self.state {
            State::Over(rest) => rest,
            State::Head(..) | State::Data(..) | State::Tail(..) => None,
        }
    }
}

impl AsyncRead for Gzip {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let Self { state, crc } = &mut *self;
            match state {
                State::Head(coded, head) => ready!(poll_head(coded, head, context))?,
                State::Data(data) => {
                    let before = buffer.filled().len();
                    ready!(Pin::new(data).poll_read(context, buffer))?;
                    let decoded = &buffer.filled()[before..];
                    if !decoded.is_empty() {
                        crc.update(decoded);
                        return Poll::Ready(Ok(()));
                    }
                }
                State::Tail(coded, tail) => ready!(poll_tail(coded, tail, crc, context))?,
                State::Over(_) => return Poll::Ready(Ok(())),
            }
            *state = match std::mem::replace(state, State::Over(None)) {
                State::Head(coded, _) => State::Data(DeflateDecoder::new(coded)),
                State::Data(data) => State::Tail(data.into_inner(), Vec::new()),
                State::Tail(coded, _) => State::Over(Some(coded)),
                State::Over(rest) => State::Over(rest),
            };
        }
    }
}

/// Reads to the head's end.
fn poll_head(
    coded: &mut Decoded,
    head: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let piece = ready!(coded.as_mut().poll_fill_buf(context))?;
        if piece.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        let before = head.len();
        let room = HEAD_BYTES_MAX - before;
        head.extend_from_slice(&piece[..piece.len().min(room)]);
        let mut parser = GzDecoder::new(&head[..]);
        if parser.header().is_some() {
            let rest = parser.into_inner();
            let used = head.len() - rest.len() - before;
            coded.as_mut().consume(used);
            return Poll::Ready(Ok(()));
        }
        match parser.read(&mut []) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Poll::Ready(Err(broken(error.to_string()))),
            Ok(_) => return Poll::Ready(Err(broken("the gzip head has no end"))),
        }
        if head.len() == HEAD_BYTES_MAX {
            let words = format!("the gzip head is longer than {HEAD_BYTES_MAX} bytes");
            return Poll::Ready(Err(broken(words)));
        }
        let used = head.len() - before;
        coded.as_mut().consume(used);
    }
}

/// Reads the checksum, or as much of it as there is.
fn poll_tail(
    coded: &mut Decoded,
    tail: &mut Vec<u8>,
    crc: &Crc,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while tail.len() < TAIL_BYTES {
        let piece = ready!(coded.as_mut().poll_fill_buf(context))?;
        if piece.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let used = piece.len().min(TAIL_BYTES - tail.len());
        tail.extend_from_slice(&piece[..used]);
        coded.as_mut().consume(used);
    }
    let right = [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()].concat();
    Poll::Ready(if *tail == right {
        Ok(())
    } else {
        Err(broken("the gzip checksum is another page's"))
    })
}

fn broken(words: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};
    use futures_util::stream;
    use hyper::body::Bytes;
    use tokio::io::AsyncReadExt;
    use tokio_util::io::StreamReader;

    use super::*;

    #[tokio::test]
    async fn a_member_that_comes_byte_by_byte_is_read_to_its_end_and_no_further() {
        let head = GzBuilder::new().filename("page").comment("of a test");
        let mut encoder = head.extra("more").write(Vec::new(), Compression::fast());
        encoder.write_all(b"Hello").unwrap();
        let coded = [encoder.finish().unwrap(), b"rest".to_vec()].concat();
        let bytes: Vec<_> = coded
            .into_iter()
            .map(|byte| io::Result::Ok(Bytes::from(vec![byte])))
            .collect();
        let coded = Box::pin(StreamReader::new(stream::iter(bytes)));
        let mut gzip = Gzip::new(coded);
        let mut decoded = String::new();
        gzip.read_to_string(&mut decoded).await.unwrap();
        assert_eq!(decoded, "Hello");
        let mut rest = String::new();
        gzip.rest()
            .unwrap()
            .read_to_string(&mut rest)
            .await
            .unwrap();
        assert_eq!(rest, "rest");
    }
}
