//! A server that takes its time for each phase.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{ServerConfig, server::Acceptor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_rustls::LazyConfigAcceptor;

use super::visit::{Ends, Visits};

/// How long a phase is made to last at most.
const DELAY_MAX_MICROS: u64 = 20_000;
const HALF_BODY: [u8; 5_000] = [b'x'; 5_000];
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10000\r\n\r\n";

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, visits: Arc<Visits>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let accepted = Instant::now();
        let (tls, visits) = (Arc::clone(&tls), Arc::clone(&visits));
        // A visit that fails is none: the records say so.
        tokio::spawn(async move { receive(stream, accepted, tls, &visits).await.ok() });
    }
}

async fn receive(
    stream: TcpStream,
    accepted: Instant,
    tls: Arc<ServerConfig>,
    visits: &Visits,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let name = hello.client_hello().server_name().map(str::to_owned);
    delay().await;
    let mut stream = hello.into_stream(tls).await?;
    let shaken = Instant::now();
    let mut request = Vec::with_capacity(1024);
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    delay().await;
    stream.write_all(HEAD).await?;
    stream.flush().await?;
    let head = Instant::now();
    stream.write_all(&HALF_BODY).await?;
    stream.flush().await?;
    delay().await;
    stream.write_all(&HALF_BODY).await?;
    stream.flush().await?;
    let ends = Ends {
        accepted,
        shaken,
        head,
        body: Instant::now(),
    };
    let number = name.as_deref().and_then(|name| name.split('.').next());
    if let Some(Ok(number)) = number.map(str::parse) {
        visits.end(number, &ends);
    }
    // Until the visitor goes.
    stream.read_to_end(&mut request).await?;
    Ok(())
}

async fn delay() {
    sleep(Duration::from_micros(fastrand::u64(..DELAY_MAX_MICROS))).await;
}
