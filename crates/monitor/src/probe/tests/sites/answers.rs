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
    ("no reason and no blank before it", b"HTTP/1.1 200\r\n\r\nHello", "up 200 matched Hello"),
    ("a tab behind the status", b"HTTP/1.1 200\tOK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a reason at once", b"HTTP/1.1 200OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status below nothing", b"HTTP/1.1 -20 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status with its sign", b"HTTP/1.1 +200 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("no status", b"HTTP/1.1 \r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status of zeros", b"HTTP/1.1 000 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a status in Arabic digits", b"HTTP/1.1 \xd9\xa2\xd9\xa0\xd9\xa0 X\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("another protocol that nobody asked for", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "down 101 protocol_error in first_byte"),
    ("start anew", b"HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nHello", "up 205 matched Hello"),
    ("many statuses", b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml\r\n\r\n<a>Hello</a>", "up 207 matched Hello"),
    ("a choice", b"HTTP/1.1 300 X\r\n\r\nHello", "up 300 matched Hello"),
    ("a proxy's, of a site", b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\n\r\n", "down 407 status_unexpected"),
    ("a site that says not found", b"HTTP/1.1 404 Not Found\r\n\r\nHello", "down 404 status_unexpected"),
    ("the wrong site", b"HTTP/1.1 421 Misdirected Request\r\n\r\n", "down 421 status_unexpected"),
    ("by law", b"HTTP/1.1 451 X\r\n\r\n", "down 451 status_unexpected"),
    ("closed without a word", b"HTTP/1.1 444 X\r\n\r\n", "down 444 status_unexpected"),
    ("a site that says what a timeout is called", b"HTTP/1.1 599 X\r\n\r\n", "down 599 status_unexpected"),
    ("a status beyond the classes", b"HTTP/1.1 600 X\r\n\r\n", "down 600 status_unexpected"),
    ("down for repair", b"HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n\r\n", "down 503 status_unexpected"),
    ("a portal in between", b"HTTP/1.1 511 Network Authentication Required\r\n\r\nHello", "down 511 status_unexpected"),
    ("hints with a page's length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nHello", "up 200 matched Hello"),
    ("go on, and then a failure", b"HTTP/1.1 100 X\r\n\r\nHTTP/1.1 500 X\r\n\r\n", "down 500 status_unexpected"),
    ("go on, and then another language", b"HTTP/1.1 100 X\r\n\r\n<h1>Hello</h1>", "down -1 protocol_error in first_byte"),
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
    ("a name without its colon", b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\nHello", "up 200 matched Hello"),
    ("a blank before the colon", b"HTTP/1.1 200 OK\r\nX : y\r\nContent-Length : 5\r\n\r\nHello and more", "up 200 matched Hello"),
    ("a line that goes on in the next", b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\tand z\r\n\r\nHello", "up 200 matched Hello"),
    ("a line that goes on before any", b"HTTP/1.1 200 OK\r\n X: y\r\n\r\nHello", "up 200 matched Hello"),
    ("a bell in a value", b"HTTP/1.1 200 OK\r\nX: a\x07b\r\n\r\nHello", "up 200 matched Hello"),
    ("a bell in the reason", b"HTTP/1.1 200 O\x07K\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("brackets in a name", b"HTTP/1.1 200 OK\r\nX(y): z\r\n\r\nHello", "up 200 matched Hello"),
    ("a blank within a name", b"HTTP/1.1 200 OK\r\nX y: z\r\n\r\nHello", "up 200 matched Hello"),
    ("ends of both kinds", b"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 5\r\n\nHello and more", "up 200 matched Hello"),
    ("a status line that a return alone ends", b"HTTP/1.1 200 OK\rX: y\r\r\nHello", "down -1 protocol_error in first_byte"),
    ("a blank before the head", b" HTTP/1.1 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a version of two digits", b"HTTP/1.10 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("no version", b"HTTP 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("HTTP/3 in words", b"HTTP/3 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a stream of video", b"RTSP/1.0 200 OK\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a printed page", b"%PDF-1.7\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a database", b"\x4a\0\0\0\x0a8.0.36\0\r\n\r\n", "down -1 protocol_error in first_byte"),
    ("a word of TLS", b"\x15\x03\x01\0\x02\x02\x50", "down -1 protocol_error in first_byte"),
    ("nothing but ends of lines", b"\r\n\r\n\r\n", "down -1 connection_reset in first_byte"),
    ("another connection's word", b"HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nHello", "up 200 matched Hello"),
    ("a name that is far too long", &[b'x'; 500_000], "down -1 protocol_error in first_byte"),
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
    ("blanks around the length", b"HTTP/1.1 200 OK\r\nContent-Length: \t5 \r\n\r\nHello and more", "up 200 matched Hello"),
    ("zeros before the length", b"HTTP/1.1 200 OK\r\nContent-Length: 0000000005\r\n\r\nHello and more", "up 200 matched Hello"),
    ("an empty length", b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("half a byte", b"HTTP/1.1 200 OK\r\nContent-Length: 5.5\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("a list that does not agree", b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nHello!", "down -1 protocol_error in first_byte"),
    ("a length with its unit", b"HTTP/1.1 200 OK\r\nContent-Length: 5 bytes\r\n\r\nHello", "down -1 protocol_error in first_byte"),
    ("no length at all, and a page", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHello", "up 200 not_matched"),
    ("no length, kept alive", b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nHello", "up 200 matched Hello"),
    ("of a page of the first version", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nHello and more", "up 200 matched Hello"),
    ("chunked twice", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("not chunked, in words", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nHello", "up 200 matched Hello"),
    ("a coding of the transfer that is not known", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nHello", "down 200 protocol_error in body"),
    ("an empty coding of the transfer", b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 5\r\n\r\nHello", "up 200 matched Hello"),
    ("chunked in a list with nothing", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: , chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("a part without its range", b"HTTP/1.1 206 X\r\nContent-Length: 5\r\n\r\nHello", "up 206 matched Hello"),
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
    ("ends of line feeds alone", b"5\nHello\n0\n\n", "down 200 protocol_error in body"),
    ("a blank before the size", b" 5\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a tab after the size", b"5\t\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("an extension without a name", b"5;\r\nHello\r\n0;\r\n\r\n", "up 200 matched Hello"),
    ("an extension after a blank", b"5 ; x=y\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("a size as programs write it", b"0x5\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a size with its unit", b"5h\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("no size", b"\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a size of many zeros", b"00000000000000000005\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("a blank line between", b"5\r\nHello\r\n\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("two ends", b"5\r\nHello\r\n0\r\n\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("the largest size that there is", b"7fffffffffffffff\r\nHello", "down 200 connection_reset in body"),
    ("a byte a chunk", b"1\r\nH\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("a trailer without its colon", b"5\r\nHello\r\n0\r\nnonsense\r\n\r\n", "down 200 protocol_error in body"),
    ("an end below nothing", b"5\r\nHello\r\n-0\r\n\r\n", "down 200 protocol_error in body"),
    ("a size in another script", b"\xd9\xa5\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("a comma behind the size", b"5,\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("another answer instead of a chunk", b"HTTP/1.1 500 X\r\n\r\n", "down 200 protocol_error in body"),
    ("a return alone behind the size", b"5\rHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("an end in capitals", b"5\r\nHello\r\n0000000000\r\n\r\n", "up 200 matched Hello"),
    ("a zero byte in a size", b"5\0\r\nHello\r\n0\r\n\r\n", "down 200 protocol_error in body"),
    ("an end that is cut within", b"5\r\nHello\r\n0\r\n\r", "down 200 connection_reset in body"),
    ("a chunk that ends without its line", b"5\r\nHello0\r\n\r\n", "down 200 protocol_error in body"),
    ("an extension that is not closed", b"5;a=\"b\r\nHello\r\n0\r\n\r\n", "up 200 matched Hello"),
    ("trailers that repeat the head", b"5\r\nHello\r\n0\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\n", "up 200 matched Hello"),
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
