//! HTTP/2 that breaks off, hangs, or breaks its own rules.

use bytes::Bytes;
use h2::{Reason, SendStream, server::SendResponse};
use tokio_rustls::server::TlsStream;

use super::{
    super::{
        encrypted::{authority, encrypted, params, signed, trusting},
        *,
    },
    Place, Row, judge,
};

/// What the site does with each stream.
#[derive(Clone, Copy)]
enum Does {
    Answer(u16),
    EndWithHead,
    HangBeforeHead,
    HangInPage,
    Reset(Reason),
    ResetInPage(Reason),
    LeaveInPage,
    SendLess,
    SendMore,
    SendTrailers,
    GoOn,
}

async fn speak(stream: TlsStream<TcpStream>, does: Does) -> io::Result<()> {
    let handshake = h2::server::handshake(stream).await;
    let mut connection = handshake.map_err(io::Error::other)?;
    // Streams that hang live on here.
    let mut kept = Vec::new();
    while let Some(Ok((_, respond))) = connection.accept().await {
        kept.push(answer(respond, does).map_err(io::Error::other)?);
        if matches!(does, Does::LeaveInPage) {
            // Until what was said is sent.
            tokio::time::timeout(Duration::from_millis(50), connection.accept())
                .await
                .ok();
            break;
        }
    }
    Ok(())
}

type Kept = (SendResponse<Bytes>, Option<SendStream<Bytes>>);

fn head(status: u16, length: Option<u64>) -> http::Response<()> {
    let mut head = http::Response::builder().status(status);
    if let Some(length) = length {
        head = head.header("content-length", length);
    }
    head.body(()).unwrap()
}

fn answer(mut respond: SendResponse<Bytes>, does: Does) -> Result<Kept, h2::Error> {
    match does {
        Does::HangBeforeHead => return Ok((respond, None)),
        Does::Reset(reason) => {
            respond.send_reset(reason);
            return Ok((respond, None));
        }
        Does::EndWithHead => {
            respond.send_response(head(200, None), true)?;
            return Ok((respond, None));
        }
        Does::GoOn => respond.send_informational(head(103, None))?,
        _ => {}
    }
    let (status, length) = match does {
        Does::Answer(status) => (status, None),
        Does::SendLess => (200, Some(9)),
        Does::SendMore => (200, Some(3)),
        _ => (200, None),
    };
    let mut body = respond.send_response(head(status, length), false)?;
    let is_last = !matches!(
        does,
        Does::HangInPage | Does::ResetInPage(_) | Does::LeaveInPage | Does::SendTrailers
    );
    body.send_data("Hello".into(), is_last)?;
    match does {
        Does::ResetInPage(reason) => {
            tokio::spawn(async move {
                // Sent bytes that a reset overtakes would be lost.
                tokio::time::sleep(Duration::from_millis(50)).await;
                body.send_reset(reason);
            });
            return Ok((respond, None));
        }
        Does::SendTrailers => body.send_trailers(http::HeaderMap::new())?,
        _ => {}
    }
    Ok((respond, Some(body)))
}

/// What a site does, and what is seen of it.
const STREAMS: &[(&str, Does, &str)] = &[
    ("well", Does::Answer(200), "up 200 matched Hello"),
    ("failing", Does::Answer(503), "down 503 status_unexpected"),
    ("no page", Does::EndWithHead, "up 200 not_matched"),
    ("trailers", Does::SendTrailers, "up 200 matched Hello"),
    ("a hint first", Does::GoOn, "up 200 matched Hello"),
    (
        "hangs",
        Does::HangBeforeHead,
        "down -1 first_byte_timeout in first_byte",
    ),
    (
        "hangs in the page",
        Does::HangInPage,
        "down 200 body_timeout in body",
    ),
    (
        "resets",
        Does::Reset(Reason::INTERNAL_ERROR),
        "down -1 connection_reset in first_byte",
    ),
    (
        "refuses",
        Does::Reset(Reason::REFUSED_STREAM),
        "down -1 connection_reset in first_byte",
    ),
    (
        "cancels",
        Does::Reset(Reason::CANCEL),
        "down -1 connection_reset in first_byte",
    ),
    (
        "resets in the page",
        Does::ResetInPage(Reason::INTERNAL_ERROR),
        "down 200 connection_reset in body",
    ),
    (
        "leaves in the page",
        Does::LeaveInPage,
        "down 200 connection_reset in body",
    ),
    (
        "less than was said",
        Does::SendLess,
        "down 200 protocol_error in body",
    ),
    (
        "more than was said",
        Does::SendMore,
        "down 200 protocol_error in body",
    ),
];

#[tokio::test]
async fn streams() {
    let issuer = authority();
    let mut rows = Vec::new();
    for &(name, does, expected) in STREAMS {
        let shown = signed(&params(), &issuer);
        let url = encrypted(shown, &[b"h2"], move |stream| speak(stream, does)).await;
        rows.push(
            Row::new(name, Place::Url(url), expected)
                .with(trusting(issuer.der()))
                .impatient(),
        );
    }
    judge(rows).await;
}
