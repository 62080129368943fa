//! Reads in small steps, so that the HTTP library's buffer stays small.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What one read brings at most. hyper doubles its buffer, up to some hundred kilobytes, whenever a
/// read fills it, and it begins at 8 KiB: a read that stays below never makes it grow. So what a
/// connection holds need not be guessed, however fast a site sends. A test of the pieces that come
/// out says when a new version of hyper behaves otherwise.
pub(super) const READ_BYTES_MAX: usize = 8 * 1024 - 1;

/// A connection that is read in small steps.
#[derive(Debug)]
pub(super) struct SmallReads<T>(pub(super) T);

impl<T: AsyncRead + Unpin> AsyncRead for SmallReads<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = buffer.remaining().min(READ_BYTES_MAX);
        let mut step = ReadBuf::new(buffer.initialize_unfilled_to(wanted));
        ready!(Pin::new(&mut self.0).poll_read(context, &mut step))?;
        let read = step.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for SmallReads<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::StreamExt;
    use hyper::HeaderMap;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use url::Url;

    use super::*;
    use crate::probe::http::{Wire, ask};

    /// Tells how large a buffer it is given to read into.
    struct Watched<T>(T, Arc<AtomicUsize>);

    impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.1.fetch_max(buffer.remaining(), Ordering::Relaxed);
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }

    impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(context, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(context)
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(context)
        }
    }

    /// If this fails, hyper's way to grow its buffer has changed: look whether what a connection
    /// holds is still bounded.
    #[tokio::test]
    async fn canary_the_library_never_wants_more_than_it_began_with() {
        const LENGTH: usize = 2_000_000;
        let (near, mut far) = duplex(1_000_000);
        let site = tokio::spawn(async move {
            let mut request = [0; 4];
            far.read_exact(&mut request).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
            far.write_all(head.as_bytes()).await.unwrap();
            far.write_all(&vec![b'x'; LENGTH]).await.unwrap();
        });
        let wanted = Arc::new(AtomicUsize::new(0));
        // What hyper wants, before it is cut to small steps.
        let io = Watched(SmallReads(near), Arc::clone(&wanted));
        let url = Url::parse("http://a.example/").unwrap();
        let limit = std::time::Duration::from_secs(10);
        let answer = ask(io, Wire::Http1, &url, &HeaderMap::new(), limit).await;
        let mut pieces = answer
            .map_err(|error| error.to_string())
            .ok()
            .unwrap()
            .pieces;
        let mut length = 0;
        while let Some(piece) = pieces.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() <= READ_BYTES_MAX, "{}", piece.len());
            length += piece.len();
        }
        assert_eq!(length, LENGTH);
        site.await.unwrap();
    }
}
