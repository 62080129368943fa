//! All members of a gzip body, or all frames of a zstd body, as one stream.
//!
//! The library's own way to read on (`multiple_members`) fails on what follows the last member. Sites
//! send such: zeros that fill a block, or junk, which browsers pass over.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_compression::{tokio::bufread::ZstdDecoder, zstd::DParameter};
use tokio::io::{AsyncRead, ReadBuf};

use super::{gzip::Gzip, pieces::Decoded};

/// The largest window that zstd may ask for, as a power of two: 8 MiB, what browsers take.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// A format whose bodies are members in a row, each whole in itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Gzip,
    Zstd,
}

/// Decodes one member, and then gives back what comes after it.
trait Member: AsyncRead + Send + Unpin {
    fn rest(self: Box<Self>) -> Option<Decoded>;
}

impl Member for Gzip {
    fn rest(self: Box<Self>) -> Option<Decoded> {
        (*self).rest()
    }
}

impl Member for ZstdDecoder<Decoded> {
    fn rest(self: Box<Self>) -> Option<Decoded> {
        Some(self.into_inner())
    }
}

impl Format {
    fn member(self, coded: Decoded) -> Box<dyn Member> {
        match self {
            Self::Gzip => Box::new(Gzip::new(coded)),
            Self::Zstd => {
                let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX)];
                Box::new(ZstdDecoder::with_params(coded, &window))
            }
        }
    }

    /// Whether a member may begin so.
    fn begins(self, byte: u8) -> bool {
        match self {
            Self::Gzip => byte == 0x1f,
            // A frame, or one that is to be skipped.
            Self::Zstd => matches!(byte, 0x28 | 0x50..=0x5f),
        }
    }
}

/// Decodes member after member.
pub(super) struct Members {
    format: Format,
    state: State,
}

enum State {
    Within {
        member: Box<dyn Member>,
        /// Whether it need not be one: it comes after another, and nothing came out of it yet.
        doubtful: bool,
    },
    Between(Decoded),
    Over,
}

impl Members {
    pub(super) fn new(format: Format, coded: Decoded) -> Self {
        let member = format.member(coded);
        Self {
            format,
            state: State::Within {
                member,
                doubtful: false,
            },
        }
    }
}

impl AsyncRead for Members {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let format = self.format;
        loop {
            let next = match &mut self.state {
                State::Within { member, doubtful } => {
                    let before = buffer.filled().len();
                    let read = ready!(Pin::new(member).poll_read(context, buffer));
                    let is_junk = *doubtful && read.is_err();
                    if !is_junk && (read.is_err() || buffer.filled().len() > before) {
                        *doubtful = false;
                        return Poll::Ready(read);
                    }
                    match std::mem::replace(&mut self.state, State::Over) {
                        State::Within { member, .. } if !is_junk => {
                            member.rest().map_or(State::Over, State::Between)
                        }
                        _ => State::Over,
                    }
                }
                State::Between(rest) => {
                    let first = ready!(rest.as_mut().poll_fill_buf(context))?
                        .first()
                        .copied();
                    match std::mem::replace(&mut self.state, State::Over) {
                        State::Between(rest) if first.is_some_and(|byte| format.begins(byte)) => {
                            State::Within {
                                member: format.member(rest),
                                doubtful: true,
                            }
                        }
                        _ => State::Over,
                    }
                }
                State::Over => return Poll::Ready(Ok(())),
            };
            self.state = next;
        }
    }
}
