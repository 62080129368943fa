//! Statuses, heads, lengths and chunks: each an answer as it goes over the wire.

use super::{Place, Row, Step, judge, send};

/// What the site is, its answer before it closes, and what is said of it.
type Answer = (&'static str, &'static [u8], &'static str);

#[rustfmt::skip]
const STATUSES: &[Answer] = &[
    ("made", b"HTTP/1.1 201 Created\r\nLocation: /x\r\n\r\nHello", "up 201 matched Hello"),
    ("nothing, yet a page", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nHello", "up 204 not_matched"),
    ("a part", b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/9\r\n\r\nHello", "up 206 matched Hello"),
    ("unchanged, with a length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "up 304 not_matched"),
    ("the last that is up", b"HTTP/1.1 399 X\r\n\r\nHello", "up 399 matched Hello"),
    ("the first that is down", b"HTTP/1.1 400 X\r\n\r\nHello", "down 400 status_unexpected"),
    ("a login", b"HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n", "down 401 status_unexpected"),
    ("too many", b"HTTP/1.1 429 X\r\nRetry-After: 5\r\n\r\n", "down 429 status_unexpected"),
    ("a gateway's own", b"HTTP/1.1 525 SSL Handshake Failed\r\n\r\n", "down 525 status_unexpected"),
    ("a status of nobody", b"HTTP/1.1 999 Request denied\r\n\r\n", "down 999 status_unexpected"),
    ("a status that is none", b"HTTP/1.1 099 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status of four digits", b"HTTP/1.1 2000 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status with a letter", b"HTTP/1.1 2x0 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status of two digits", b"HTTP/1.1 20 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("go on, and no more", b"HTTP/1.1 100 Continue\r\n\r\n", "down -1 connection_reset in first_byte"),
    ("go on four times", b"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 102 X\r\n\r\nHTTP/1.1 103 X\r\n\r\nHTTP/1.1 199 X\r\n\r\nHTTP/1.1 200 OK\r\n\r\nHello", "up 200 matched Hello"),
];

#[rustfmt::skip]
const HEADS: &[Answer] = &[
    ("no head", b"<h1>Hello</h1>\r\n\r\n", "down -1 protocol_error in first_byte"),
    ("a radio", b"ICY 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a shell", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "down -1 protocol_error in first_byte"),
    ("a mail server", b"220 mail.example ESMTP\r\n221 Bye\r\n\r\n", "down -1 protocol_error in first_byte"),
    ("HTTP/2 without its handshake", b"\0\0\0\x04\0\0\0\0\0", "down -1 protocol_error in first_byte"),
    ("a version of the future", b"HTTP/1.2 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("HTTP/2 in words", b"HTTP/2.0 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a mark before the head", b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("blank lines before the head", b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\nHello", "up 200 matched Hello"),
    ("bare line feeds", b"HTTP/1.1 200 OK\nContent-Length: 5\n\nHello", "up 200 matched Hello"),
    ("a reason in Latin 1", b"HTTP/1.1 200 Gr\xf6\xdfe\r\n\r\nHello", "up 200 matched Hello"),
    ("a blank reason", b"HTTP/1.1 200 \r\n\r\nHello", "up 200 matched Hello"),
    ("a value in Latin 1", b"HTTP/1.1 200 OK\r\nX: gr\xf6\xdfe\r\n\r\nHello", "up 200 matched Hello"),
    ("an empty value", b"HTTP/1.1 200 OK\r\nX:\r\n\r\nHello", "up 200 matched Hello"),
    ("no name", b"HTTP/1.1 200 OK\r\n: x\r\n\r\nHello", "up 200 matched Hello"),
    ("a zero byte in a value", b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a name in UTF-8", b"HTTP/1.1 200 OK\r\nGr\xc3\xb6: x\r\n\r\nHello", "up 200 matched Hello"),
    ("a head that ends in its middle", b"HTTP/1.1 200 OK\r\nX: y\r\n", "down -1 connection_reset in first_byte"),
    ("half a word", b"HTT", "down -1 connection_reset in first_byte"),
];

#[rustfmt::skip]
const LENGTHS: &[Answer] = &[
    ("more than was said", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello and more", "up 200 matched Hello"),
    ("a length that cuts", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHello", "up 200 not_matched"),
    ("less than was said", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nHello", "down 200 connection_reset in body"),
    ("nothing of what was said", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", "down 200 connection_reset in body"),
    ("the same length twice", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nHello", "up 200 matched Hello"),
    ("the same length in a list", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nHello", "up 200 matched Hello"),
    ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a length below nothing", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a length in hexadecimal", b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a length beyond all numbers", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("length and chunks", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("two answers at once", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHelloHTTP/1.1 500 X\r\n\r\n", "up 200 matched Hello"),
];

#[rustfmt::skip]
const CHUNKS: &[Answer] = &[
    ("zeros and capitals", b"0005\r\nHello\r\n00A\r\n and more.\r\n000\r\n\r\n", "up 200 matched Hello"),
    ("blanks after the size", b"5  \r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("an extension in quotes", b"5;a=\"b;c\"\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("a text over two chunks", b"3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("trailers", b"5\r\nHello\r\n0\r\nX: y\r\nZ:\r\n\r\n", "up 200 matched Hello"),
    ("more behind the end", b"5\r\nHello\r\n0\r\n\r\nmore", "up 200 matched Hello"),
    ("no chunk", b"0\r\n\r\n", "up 200 not_matched"),
    ("no end", b"5\r\nHello\r\n", "down 200 connection_reset in body"),
    ("an end without its end", b"5\r\nHello\r\n0\r\n", "down 200 connection_reset in body"),
    ("a chunk that is cut", b"9\r\nHello", "down 200 connection_reset in body"),
    ("a chunk longer than said", b"5\r\nHello you\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a size below nothing", b"-5\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a size beyond all numbers", b"fffffffffffffffff\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a page that is not chunked", b"Hello", "down 200 protocol_error in body"),
    ("no bytes", b"", "down 200 connection_reset in body"),
];

fn row((name, answer, expected): &Answer) -> Row {
    Row::new(name, Place::Steps(vec![send(answer)]), expected)
}

#[tokio::test]
async fn statuses_heads_and_lengths() {
    let answers = [STATUSES, HEADS, LENGTHS].concat();
    judge(answers.iter().map(row)).await;
}

#[tokio::test]
async fn chunks() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n";
    judge(CHUNKS.iter().map(|(name, chunks, expected)| {
        let answer = [head.as_slice(), *chunks].concat();
        Row::new(name, Place::Steps(vec![send(answer)]), expected)
    }))
    .await;
}

#[tokio::test]
async fn heads_without_end() {
    let head = || send("HTTP/1.1 200 OK\r\nX: y");
    let rows = [
        ("one line", "y", "down -1 protocol_error in first_byte"),
        (
            "many lines",
            "\r\nX: y",
            "down -1 protocol_error in first_byte",
        ),
    ];
    judge(rows.map(|(name, more, expected)| {
        let more = Step::Repeat(more.repeat(1000).into());
        Row::new(name, Place::Steps(vec![head(), more]), expected)
    }))
    .await;
}
