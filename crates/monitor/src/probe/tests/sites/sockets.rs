//! Connections and handshakes that break off, hang or speak something else.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    super::{hang, read_request, reset, serve},
    Place, Row, Step, judge, send,
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
        ("a failure that hangs", vec![send("HTTP/1.1 500 X\r\n\r\nHello"), Step::Hang], "down 500 status_unexpected"),
    ]
}

#[tokio::test]
async fn connections() {
    let rows = behaviours().into_iter();
    judge(
        rows.map(|(name, steps, expected)| {
            Row::new(name, Place::Steps(steps), expected).impatient()
        }),
    )
    .await;
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

#[tokio::test]
async fn handshakes() {
    const FAILED: &str = "down -1 tls_handshake in tls";
    let table: [(&str, &[u8]); 8] = [
        ("an alert: handshake failure", b"\x15\x03\x03\0\x02\x02\x28"),
        ("an alert: no such name", b"\x15\x03\x03\0\x02\x02\x70"),
        (
            "an alert: this version never",
            b"\x15\x03\x01\0\x02\x02\x46",
        ),
        ("a greeting of SSL 3.0", b"\x16\x03\0\0\x04\x02\0\0\0"),
        ("a record without end", b"\x16\x03\x03\xff\xff"),
        ("HTTP", b"HTTP/1.1 400 X\r\n\r\n"),
        ("a shell", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("nothing", b""),
    ];
    let mut rows = Vec::new();
    for (name, answer) in table {
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
