//! One direction of a link.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    time::sleep,
};

use super::state::{Fate, Link, Mode};

const BUFFER_BYTES: usize = 64 * 1024;
/// Between the pieces of what goes through slowly.
const PIECE_PAUSE: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ToServer,
    ToClient,
}

/// Moves bytes until their source ends.
pub(super) async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    link: &Link,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let piece_bytes = wait(link).await;
        let bytes = &buffer[..read];
        let fate = match direction {
            Direction::ToServer => link.to_server(bytes),
            Direction::ToClient => link.to_client(bytes),
        };
        match fate {
            Fate::Go => {}
            Fate::Cut => return link.cut(),
            Fate::Close => break,
        }
        for piece in bytes.chunks(piece_bytes) {
            if to.write_all(piece).await.is_err() {
                return link.cut();
            }
            if piece_bytes < BUFFER_BYTES {
                sleep(PIECE_PAUSE).await;
            }
        }
    }
    // The other direction may go on.
    to.shutdown().await.ok();
}

/// Waits as the proxy's mode has it, and says how many bytes may go at a time.
async fn wait(link: &Link) -> usize {
    let mut modes = link.state.mode.subscribe();
    loop {
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::Pass | Mode::Refuse => return BUFFER_BYTES,
            Mode::Narrow(bytes) => return bytes,
            Mode::Delay(delay) => {
                sleep(delay).await;
                return BUFFER_BYTES;
            }
            Mode::Stall => {
                if modes.changed().await.is_err() {
                    return BUFFER_BYTES;
                }
            }
        }
    }
}
