//! A way to a server on which everything may get lost, as on a network that is cut without a word.

use std::net::Ipv4Addr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

const CHUNK_BYTES: usize = 16 * 1024;

/// Leads to a port of the loopback address. While it is silent it takes new connections, as a network does
/// whose far side is gone, and no byte goes either way; afterwards all of them go on, since TCP sends again.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    is_silent: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn before(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_silent, silence) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(lead(client, upstream, silence.clone()));
            }
        });
        Self { port, is_silent }
    }

    pub(crate) fn fall_silent(&self) {
        self.is_silent.send_replace(true);
    }

    pub(crate) fn speak_again(&self) {
        self.is_silent.send_replace(false);
    }
}

async fn lead(client: TcpStream, upstream: u16, mut silence: watch::Receiver<bool>) {
    // Who connects to a server that is cut off learns nothing of it.
    if silence.wait_for(|is_silent| !is_silent).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, silence.clone()) => {}
        () = pump(from_server, to_client, silence) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut silence: watch::Receiver<bool>,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        if silence.wait_for(|is_silent| !is_silent).await.is_err() {
            return;
        }
        if to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}
