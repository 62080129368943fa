//! The smallest HTTP server that can also misbehave.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::behaviour::{Behaviour, Clock, Turns};
use crate::certificates::Identity;

/// A visitor who takes longer than this for a request is let go.
const REQUEST_MAX: Duration = Duration::from_secs(10);
const REQUEST_BYTES_MAX: usize = 16 << 10;
/// What a hanging site keeps a connection for, unless the visitor gives up before.
const HANG_MAX: Duration = Duration::from_mins(10);

/// A behaviour, made ready to be served.
#[derive(Clone)]
pub(super) struct Answers {
    /// The whole answer and how long it is in coming; none of a site that hangs.
    page: Option<(Arc<[u8]>, Duration)>,
    /// What it answers while it is broken, and by which clock.
    broken: Option<(Arc<[u8]>, Clock)>,
    tls: Option<TlsAcceptor>,
}

impl Answers {
    pub(super) fn new(behaviour: Behaviour) -> Result<Self> {
        let (page, broken, identity) = match behaviour {
            Behaviour::Answer(page) => (Some(page), None, None),
            Behaviour::AnswerByTls(page, identity) => (Some(page), None, Some(identity)),
            Behaviour::Turns(Turns {
                well,
                broken,
                clock,
            }) => (Some(well), Some((broken, clock)), None),
            Behaviour::Hang | Behaviour::Refuse => (None, None, None),
        };
        Ok(Self {
            page: page.map(|page| (page.to_bytes().into(), page.delay)),
            broken: broken.map(|(page, clock)| (page.to_bytes().into(), clock)),
            tls: identity.as_ref().map(acceptor).transpose()?,
        })
    }

    /// What it answers now.
    fn now(&self) -> Option<(Arc<[u8]>, Duration)> {
        match &self.broken {
            Some((broken, clock)) if clock.shows_broken() => {
                Some((Arc::clone(broken), Duration::ZERO))
            }
            _ => self.page.clone(),
        }
    }
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, answers: Answers) {
    loop {
        // A connection that broke before it was accepted is no reason to serve nobody else.
        if let Ok((stream, _)) = listener.accept().await {
            let answers = answers.clone();
            // What goes wrong with a visitor is the visitor's to report.
            tokio::spawn(async move { receive(stream, answers).await.ok() });
        }
    }
}

async fn receive(stream: TcpStream, answers: Answers) -> io::Result<()> {
    let page = answers.now();
    match answers.tls {
        Some(tls) => answer(tls.accept(stream).await?, page).await,
        None => answer(stream, page).await,
    }
}

async fn answer<S>(mut stream: S, page: Option<(Arc<[u8]>, Duration)>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    timeout(REQUEST_MAX, read_request(&mut stream)).await??;
    let Some((bytes, delay)) = page else {
        // Whatever the visitor does, there is no answer; when it leaves, neither is there a wait.
        timeout(
            HANG_MAX,
            tokio::io::copy(&mut stream, &mut tokio::io::sink()),
        )
        .await??;
        return Ok(());
    };
    tokio::time::sleep(delay).await;
    stream.write_all(&bytes).await?;
    stream.shutdown().await
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() > REQUEST_BYTES_MAX || stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(())
}

fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    Ok(TlsAcceptor::from(Arc::new(identity.server_config()?)))
}
