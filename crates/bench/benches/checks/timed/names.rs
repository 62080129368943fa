//! A name server that takes its time.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::UdpSocket, time::sleep};

use super::visit::Visits;

/// Where it is.
pub(crate) const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(127, 53, 53, 53);
/// Every name below it is this machine's.
pub(super) const DOMAIN: &str = "timed.example";

/// How long an answer takes at most.
const DELAY_MAX_MICROS: u64 = 20_000;
const QUESTION_BYTES_MAX: usize = 512;
const HEADER_BYTES: usize = 12;
/// Behind a name: its type and class.
const TYPE_BYTES: usize = 4;
const TYPE_A: [u8; 2] = [0, 1];
/// A response to a question that it has in it, with recursion; no error.
const FLAGS: [u8; 2] = [0x81, 0x80];
/// An address of the name at the message's byte 12, for no time at all, of 4 bytes.
const ADDRESS: [u8; 12] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4];

/// Answers until it is dropped.
pub(super) async fn answer_names(socket: Arc<UdpSocket>, visits: Arc<Visits>) {
    let mut buffer = [0; QUESTION_BYTES_MAX];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let Some((number, reply)) = buffer.get(..length).and_then(reply) else {
            continue;
        };
        visits.asks(number);
        tokio::spawn(send(
            Arc::clone(&socket),
            Arc::clone(&visits),
            number,
            reply,
            from,
        ));
    }
}

async fn send(
    socket: Arc<UdpSocket>,
    visits: Arc<Visits>,
    number: usize,
    reply: Vec<u8>,
    to: SocketAddr,
) {
    sleep(Duration::from_micros(fastrand::u64(..DELAY_MAX_MICROS))).await;
    // Whoever misses an answer shows it as an error of the phase.
    if socket.send_to(&reply, to).await.is_ok() {
        visits.answered(number);
    }
}

/// The site's number, and what is answered: its address, or that it has none of another family.
fn reply(question: &[u8]) -> Option<(usize, Vec<u8>)> {
    let name = question.get(HEADER_BYTES..)?;
    let end = name.iter().position(|byte| *byte == 0)? + 1;
    let first = name.get(1..=usize::from(*name.first()?))?;
    let number = str::from_utf8(first).ok()?.parse().ok()?;
    let asked = name.get(..end + TYPE_BYTES)?;
    let has_address = asked[end..].starts_with(&TYPE_A);
    let counts = [0, 1, 0, u8::from(has_address), 0, 0, 0, 0];
    let mut reply = [question.get(..2)?, &FLAGS, &counts, asked].concat();
    if has_address {
        reply.extend(ADDRESS);
        reply.extend(Ipv4Addr::LOCALHOST.octets());
    }
    Some((number, reply))
}
