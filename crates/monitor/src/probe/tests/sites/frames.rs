//! HTTP/2 that breaks its own rules, frame by frame.

use tokio_rustls::server::TlsStream;

use super::{
    super::{
        encrypted::{authority, encrypted, params, signed, trusting},
        *,
    },
    Place, Row, judge,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Kinds of frames, and their flags.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PROMISE: u8 = 5;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW: u8 = 8;
const MORE_HEADERS: u8 = 9;
const END_STREAM: u8 = 1;
const ACKNOWLEDGES: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;
const LAST: u8 = END_HEADERS | END_STREAM;

/// `:status: 200`, as the protocol's own table has it.
const OK: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let stream = stream.to_be_bytes();
    [&length[1..], &[kind, flags], &stream, payload].concat()
}

/// A header that stands in no table.
fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).unwrap();
    let (name_length, value_length) = (length(name), length(value));
    let mut field = vec![0, name_length];
    field.extend(name.bytes());
    field.push(value_length);
    field.extend(value.bytes());
    field
}

fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().flat_map(|(name, value)| field(name, value));
    frame(HEADERS, END_HEADERS, 1, fields.collect::<Vec<_>>())
}

fn ok() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, OK)
}

fn hello() -> Vec<u8> {
    frame(DATA, END_STREAM, 1, "Hello")
}

/// A page behind these frames.
fn before_page(frames: impl AsRef<[u8]>) -> Vec<u8> {
    [frames.as_ref(), &ok(), &hello()].concat()
}

/// The name of a site, its frames behind its settings and the request, and what is said of it. Over
/// HTTP/1.1 each says `HELLO`.
type Frames = (&'static str, Vec<u8>, &'static str);

const OVER_2: &str = "up 200 matched Hello";
const OVER_1: &str = "up 200 matched HELLO";
const BROKEN: &str = "down -1 protocol_error in first_byte";
const RESETS: &str = "down -1 connection_reset in first_byte";

#[rustfmt::skip]
fn well() -> Vec<Frames> {
    let informational = frame(HEADERS, END_HEADERS, 1, field(":status", "100"));
    vec![
        ("well", before_page([]), OVER_2),
        ("a head in pieces", [frame(HEADERS, 0, 1, OK), frame(MORE_HEADERS, 0, 1, field("x", "y")), frame(MORE_HEADERS, END_HEADERS, 1, []), hello()].concat(), OVER_2),
        ("a head and a page with padding", [frame(HEADERS, END_HEADERS | PADDED, 1, [2, OK[0], 0, 0]), frame(DATA, END_STREAM | PADDED, 1, b"\x02Hello\0\0")].concat(), OVER_2),
        ("a head with a priority", [frame(HEADERS, END_HEADERS | PRIORITY, 1, [0, 0, 0, 0, 9, OK[0]]), hello()].concat(), OVER_2),
        ("frames of nobody", before_page(frame(0xfe, 0xff, 1, "x")), OVER_2),
        ("a thousand pings", before_page(frame(PING, 0, 0, [0; 8]).repeat(1000)), OVER_2),
        ("empty pieces of the page", [ok(), frame(DATA, 0, 1, []).repeat(50), hello()].concat(), OVER_2),
        ("a question's own header", [head(&[(":status", "200"), (":path", "/")]), hello()].concat(), OVER_2),
        ("go on fifty times", before_page(informational.repeat(50)), OVER_2),
        ("settings of nobody", before_page(frame(SETTINGS, 0, 0, [0xff, 0xff, 0, 0, 0, 1])), OVER_2),
        ("a page after its end", [before_page([]), hello()].concat(), OVER_2),
        ("trailers", [ok(), frame(DATA, 0, 1, "Hello"), frame(HEADERS, LAST, 1, field("x", "y"))].concat(), OVER_2),
        ("a reset without error behind the page", before_page([]).into_iter().chain(frame(RESET, 0, 1, [0; 4])).collect(), OVER_2),
        ("the end announced, and the page", before_page(frame(GO_AWAY, 0, 0, [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])), OVER_2),
    ]
}

#[rustfmt::skip]
fn broken() -> Vec<Frames> {
    let settings = |payload: &[u8]| frame(SETTINGS, 0, 0, payload);
    let goes_away = |last: u8, reason: u8| frame(GO_AWAY, 0, 0, [0, 0, 0, last, 0, 0, 0, reason]);
    vec![
        ("a page of no stream", before_page(frame(DATA, 0, 0, "x")), OVER_1),
        ("a page before its head", hello(), OVER_1),
        ("no status", head(&[("x", "y")]), OVER_1),
        ("a status that is none", head(&[(":status", "abc")]), OVER_1),
        ("two statuses", head(&[(":status", "200"), (":status", "500")]), OVER_1),
        ("a status behind the headers", head(&[("x", "y"), (":status", "200")]), OVER_1),
        ("a name in capitals", head(&[(":status", "200"), ("X", "y")]), OVER_1),
        ("an end of line in a value", head(&[(":status", "200"), ("x", "y\r\nz")]), OVER_1),
        ("a head that cannot be unpacked", frame(HEADERS, END_HEADERS, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), OVER_1),
        ("a place in the table that is none", frame(HEADERS, END_HEADERS, 1, [0xff, 0]), OVER_1),
        ("a window that opens by nothing", before_page(frame(WINDOW, 0, 1, [0; 4])), OVER_1),
        ("a window beyond its bound", before_page(frame(WINDOW, 0, 0, [0x7f, 0xff, 0xff, 0xff])), BROKEN),
        ("settings that open a window too far", before_page(settings(&[0, 4, 0xff, 0xff, 0xff, 0xff])), OVER_1),
        ("settings of frames that are too small", before_page(settings(&[0, 5, 0, 0, 0, 1])), OVER_1),
        ("settings that are cut", before_page(settings(&[0, 4, 0])), OVER_1),
        ("settings of a stream", before_page(frame(SETTINGS, 0, 1, [])), OVER_1),
        ("thanks for settings, with more", before_page(frame(SETTINGS, ACKNOWLEDGES, 0, [0; 6])), OVER_1),
        ("a ping that is cut", before_page(frame(PING, 0, 0, [0; 7])), OVER_1),
        ("a page that nobody asked for", before_page(frame(PROMISE, END_HEADERS, 1, [0, 0, 0, 2, 0x82])), OVER_1),
        ("a frame beyond its bound", frame(DATA, 0, 1, vec![0; 20_000]), BROKEN),
        ("the rest of a head that never began", before_page(frame(MORE_HEADERS, END_HEADERS, 1, OK)), OVER_1),
        ("a head with a page in its middle", [frame(HEADERS, 0, 1, OK), hello()].concat(), OVER_1),
        ("padding that is longer than the frame", frame(HEADERS, END_HEADERS | PADDED, 1, [9, OK[0]]), OVER_1),
        ("another language", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), BROKEN),
        ("a reset of nobody's reason", frame(RESET, 0, 1, [0, 0, 0, 0xff]), RESETS),
        ("a reset that wants HTTP/1.1", frame(RESET, 0, 1, [0, 0, 0, 13]), OVER_1),
        ("a reset of a stream that was not begun", frame(RESET, 0, 1, [0, 0, 0, 7]), OVER_1),
        ("a reset of all streams", before_page(frame(RESET, 0, 0, [0; 4])), OVER_1),
        ("the end, our question not begun", goes_away(0, 0), OVER_1),
        ("the end, for our calling too often", goes_away(0, 11), RESETS),
        ("the end, for a cipher", goes_away(0, 12), RESETS),
        ("the end, wanting HTTP/1.1", goes_away(0, 13), OVER_1),
    ]
}

/// Reads until the question has come.
async fn read_question(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    stream.read_exact(&mut preface).await?;
    loop {
        let mut begin = [0; 9];
        stream.read_exact(&mut begin).await?;
        let length = usize::from(begin[1]) << 8 | usize::from(begin[2]);
        stream.read_exact(&mut vec![0; length]).await?;
        if begin[3] == HEADERS {
            return Ok(());
        }
    }
}

async fn speak(mut stream: TlsStream<TcpStream>, frames: &[u8]) -> io::Result<()> {
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        read_request(&mut stream).await?;
        stream.write_all(&page("", "HELLO")).await?;
        return stream.shutdown().await;
    }
    stream.write_all(&frame(SETTINGS, 0, 0, [])).await?;
    read_question(&mut stream).await?;
    stream.write_all(frames).await?;
    stream.flush().await?;
    // What it says meanwhile is read, so that nothing is reset.
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

async fn rows(all: Vec<Frames>, protocols: &[&[u8]]) -> Vec<Row> {
    let issuer = authority();
    let mut rows = Vec::new();
    for (name, frames, expected) in all {
        let frames = Arc::new(frames);
        let shown = signed(&params(), &issuer);
        let url = encrypted(shown, protocols, move |stream| {
            let frames = Arc::clone(&frames);
            async move { speak(stream, &frames).await }
        })
        .await;
        let settings = trusting(issuer.der());
        rows.push(Row::new(name, Place::Url(url), expected).with(settings));
    }
    rows
}

#[tokio::test]
async fn frames() {
    let all = [well(), broken()].concat();
    judge(rows(all, &[b"h2", b"http/1.1"]).await).await;
}

#[tokio::test]
async fn a_site_of_http_2_alone_is_not_blamed_for_having_no_other() {
    let expected = |expected| if expected == OVER_1 { BROKEN } else { expected };
    let all = broken().into_iter().filter(|(name, ..)| {
        // These say that they are no fault.
        !name.starts_with("a reset") && !name.starts_with("the end")
    });
    let all = all.map(|(name, frames, told)| (name, frames, expected(told)));
    judge(rows(all.collect(), &[b"h2"]).await).await;
}
