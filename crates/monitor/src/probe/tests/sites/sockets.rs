//! Connections and handshakes that break off, hang or speak something else.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    super::{Instruments, hang, probe_by, read_request, reset, serve, settings},
    Place, Row, Step, judge, send, told,
};

/// What the site is, what it does, and what is said of it.
type Behaviour = (&'static str, Vec<Step>, &'static str);

#[rustfmt::skip]
fn behaviours() -> Vec<Behaviour> {
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello";
    vec![
        ("closes", vec![], "down -1 connection_reset in first_byte"),
        ("resets", vec![Step::Reset], "down -1 connection_reset in first_byte"),
        ("hangs", vec![Step::Hang], "down -1 first_byte_timeout in first_byte"),
        ("hangs in the head", vec![send("HTTP/1.1 200 OK\r\nX"), Step::Hang], "down -1 first_byte_timeout in first_byte"),
        ("hangs after going on", vec![send("HTTP/1.1 100 X\r\n\r\n"), Step::Hang], "down -1 first_byte_timeout in first_byte"),
        ("hangs in the page", vec![send(&page[..page.len() - 1]), Step::Hang], "down 200 body_timeout in body"),
        ("hangs before the last chunk", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"), Step::Hang], "down 200 body_timeout in body"),
        ("hangs after the page", vec![send(page), Step::Hang], "up 200 matched Hello"),
        ("trickles", vec![Step::Trickle(page.into()), Step::Hang], "up 200 matched Hello"),
        ("goes on for ever", vec![Step::Repeat(b"HTTP/1.1 100 X\r\n\r\n".into())], "down -1 first_byte_timeout in first_byte"),
        ("a page of the first version that hangs", vec![send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nHello"), Step::Hang], "down 200 body_timeout in body"),
        ("nothing, and hangs", vec![send("HTTP/1.1 204 X\r\n\r\n"), Step::Hang], "up 204 not_matched"),
        ("unchanged, and hangs", vec![send("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"), Step::Hang], "up 304 not_matched"),
        ("hangs in its status", vec![send("HTTP/1.1 20"), Step::Hang], "down -1 first_byte_timeout in first_byte"),
        ("hangs behind a blank line", vec![send("\r\n"), Step::Hang], "down -1 first_byte_timeout in first_byte"),
        ("hangs in a chunk's size", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5"), Step::Hang], "down 200 body_timeout in body"),
        ("hangs in the trailers", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\nX"), Step::Hang], "down 200 body_timeout in body"),
        ("hangs in a coding", vec![send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08"), Step::Hang], "down 200 body_timeout in body"),
        ("hangs before a redirect's page", vec![send("HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 9\r\n\r\n"), Step::Hang], "down 302 body_timeout in body"),
        ("resets in the head", vec![send("HTTP/1.1 200 OK\r\nX"), Step::Reset], "down -1 connection_reset in first_byte"),
        ("resets in a failure's page", vec![send("HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nHello"), Step::Reset], "down 500 status_unexpected"),
        ("a failure that hangs", vec![send("HTTP/1.1 500 X\r\n\r\nHello"), Step::Hang], "down 500 status_unexpected"),
    ]
}

#[rustfmt::skip]
fn endless() -> Vec<Behaviour> {
    vec![
        ("empties its trailers for ever", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n"), Step::Repeat(b"X: y\r\n".repeat(100))], "down 200 protocol_error in body"),
        ("a size without end", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Step::Repeat(b"0".repeat(1000))], "down 200 body_timeout in body"),
        ("an extension without end", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"), Step::Repeat(b"x".repeat(1000))], "down 200 protocol_error in body"),
        ("blank lines without end", vec![Step::Repeat(b"\r\n".repeat(1000))], "down -1 protocol_error in first_byte"),
        ("a page without end", vec![send("HTTP/1.1 200 OK\r\n\r\nHello"), Step::Repeat(b"x".repeat(1000))], "up 200 matched Hello"),
        ("chunks without end", vec![send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"), Step::Repeat([b"3e8\r\n".to_vec(), b"x".repeat(1000), b"\r\n".to_vec()].concat())], "up 200 matched Hello"),
    ]
}

fn rows(behaviours: Vec<Behaviour>) -> impl Iterator<Item = Row> {
    let rows = behaviours.into_iter();
    rows.map(|(name, steps, expected)| Row::new(name, Place::Steps(steps), expected).impatient())
}

#[tokio::test]
async fn connections() {
    judge(rows(behaviours())).await;
}

/// Apart, since they leave little time to the others.
#[tokio::test]
async fn sites_without_end() {
    judge(rows(endless())).await;
}

#[tokio::test]
async fn sites_that_do_not_wait_for_the_question() {
    let early = serve(|mut stream| async move {
        stream
            .write_all(b"HTTP/1.1 408 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await?;
        read_request(&mut stream).await.map(drop)
    })
    .await;
    let slams = serve(|stream| async move {
        reset(stream);
        Ok(())
    })
    .await;
    judge([
        Row::new(
            "answers before it is asked",
            Place::Url(early),
            "down 408 status_unexpected",
        ),
        Row::new(
            "resets at once",
            Place::Url(slams),
            "down -1 connection_reset in first_byte",
        ),
    ])
    .await;
}

/// What the site is, and what it answers to our greeting. None of it is a handshake.
#[rustfmt::skip]
const ANSWERS_TO_GREETING: &[(&str, &[u8])] = &[
    ("an alert: handshake failure", b"\x15\x03\x03\0\x02\x02\x28"),
    ("an alert: no such name", b"\x15\x03\x03\0\x02\x02\x70"),
    ("an alert: this version never", b"\x15\x03\x01\0\x02\x02\x46"),
    ("a greeting of SSL 3.0", b"\x16\x03\0\0\x04\x02\0\0\0"),
    ("a record without end", b"\x16\x03\x03\xff\xff"),
    ("HTTP", b"HTTP/1.1 400 X\r\n\r\n"),
    ("a shell", b"SSH-2.0-OpenSSH_9.6\r\n"),
    ("nothing", b""),
    ("a mail server", b"220 mail.example ESMTP\r\n"),
    ("a mailbox", b"* OK IMAP4rev1 ready\r\n"),
    ("a database", b"\x4a\0\0\0\x0a8.0.36\0"),
    ("a store", b"-ERR unknown command\r\n"),
    ("a chat", b"<?xml version='1.0'?><stream:stream>"),
    ("a page", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"),
    ("HTTP/2 without TLS", b"\0\0\0\x04\0\0\0\0\0"),
    ("zeros", &[0; 64]),
    ("a greeting of SSL 2.0", b"\x80\x2e\x01\0\x02\0\x15\0\0\0\x10"),
    ("a greeting of TLS 1.0", b"\x16\x03\x01\0\x2a\x02\0\0\x26\x03\x01AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x2f\0"),
    ("a greeting of TLS 1.1", b"\x16\x03\x02\0\x2a\x02\0\0\x26\x03\x02AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x2f\0"),
    ("a cipher that nobody offered", b"\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x05\0"),
    ("a client's greeting", b"\x16\x03\x03\0\x2a\x01\0\0\x26\x03\x03AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0\x2f\0"),
    ("a greeting that is cut", b"\x16\x03\x03\0\x2a\x02\0\0\x26\x03\x03AAAA"),
    ("a greeting of nothing", b"\x16\x03\x03\0\x04\x02\0\0\0"),
    ("an empty record", b"\x16\x03\x03\0\0"),
    ("data before the handshake", b"\x17\x03\x03\0\x05Hello"),
    ("a heartbeat", b"\x18\x03\x03\0\x03\x01\x40\0"),
    ("a cipher's change at once", b"\x14\x03\x03\0\x01\x01"),
    ("an end at once", b"\x14\x03\x03\0\x01\x01\x16\x03\x03\0\x10AAAAAAAAAAAAAAAA"),
    ("an alert that is cut", b"\x15\x03\x03\0\x02\x02"),
    ("a warning", b"\x15\x03\x03\0\x02\x01\x70"),
];

#[tokio::test]
async fn handshakes() {
    const FAILED: &str = "down -1 tls_handshake in tls";
    let mut rows = Vec::new();
    for (name, answer) in ANSWERS_TO_GREETING {
        let url = serve(move |mut stream| async move {
            stream.read_u8().await?;
            stream.write_all(answer).await?;
            if answer.is_empty() {
                return Ok(());
            }
            hang(stream).await
        })
        .await;
        rows.push(Row::new(name, Place::Url(url.replace("http:", "https:")), FAILED).impatient());
    }
    judge(rows).await;
}

/// A site may say anything about a certificate that it wants of us, or about its own: that judges no
/// certificate.
#[tokio::test]
async fn every_alert_ends_the_handshake_and_no_more() {
    let next = Arc::new(AtomicU8::new(0));
    let url = serve(move |mut stream| {
        let code = next.fetch_add(1, Ordering::Relaxed);
        async move {
            stream.read_u8().await?;
            stream.write_all(&[21, 3, 3, 0, 2, 2, code]).await?;
            hang(stream).await
        }
    })
    .await;
    let url = url.replace("http:", "https:");
    let instruments = Instruments::new(settings()).unwrap();
    for code in 0..=u8::MAX {
        let outcome = probe_by(&instruments, &url, "").await;
        let expected = "down -1 tls_handshake in tls";
        assert_eq!(told(&outcome), expected, "{code}: {outcome:?}");
    }
}
