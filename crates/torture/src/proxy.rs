//! A proxy for TCP that can be told to hurt what goes through it.

mod pump;
mod state;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use self::{
    pump::{Direction, pump},
    state::{Link, State},
};

pub(crate) use self::state::{Mode, Trap};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A proxy in front of a server on the loopback address.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Listens, and leads to `upstream`.
    pub(crate) async fn start(upstream: u16) -> Result<Self> {
        let port = devstack::free_port()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .context("listening for a proxy")?;
        let state = Arc::<State>::default();
        tokio::spawn(accept(listener, upstream, Arc::clone(&state)));
        Ok(Self { port, state })
    }

    /// Changes what happens to everything that goes through, from now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.state.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Waits until a trap has sprung, at most so long. `false`: nothing stepped into it, and it is
    /// taken away.
    pub(crate) async fn trap(&self, trap: Trap, wait: Duration) -> bool {
        let sprung = self.state.arm(trap);
        let result = timeout(wait, sprung).await;
        self.state.disarm();
        matches!(result, Ok(Ok(())))
    }
}

async fn accept(listener: TcpListener, upstream: u16, state: Arc<State>) {
    let mut links = JoinSet::new();
    loop {
        while links.try_join_next().is_some() {}
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        if *state.mode.borrow() == Mode::Refuse {
            continue;
        }
        let state = Arc::clone(&state);
        links.spawn(async move { serve(client, upstream, state).await });
    }
}

/// Moves bytes both ways until both directions have ended, or the link is cut.
async fn serve(client: TcpStream, upstream: u16, state: Arc<State>) {
    let connect = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream));
    let Ok(Ok(server)) = timeout(CONNECT_TIMEOUT, connect).await else {
        return;
    };
    for stream in [&client, &server] {
        // Latency is made on purpose here, or not at all.
        stream.set_nodelay(true).ok();
    }
    let link = Arc::new(Link::of(&state));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut cuts = state.cuts.subscribe();
    let both = async {
        tokio::join!(
            pump(from_client, to_server, Direction::ToServer, &link),
            pump(from_server, to_client, Direction::ToClient, &link),
        )
    };
    tokio::select! {
        _ = both => {}
        _ = cuts.changed() => {}
        () = link.is_cut() => {}
    }
}
