//! What is built on the inside of the libraries. If one of these fails, a new version behaves
//! otherwise: look at what is said beside the thing that the test is about.

use std::net::SocketAddr;

use futures_util::StreamExt;
use messages::Phase;
use reqwest::{Method, Request};

use super::{
    encrypted::{authority, encrypted, params, signed, trusting},
    *,
};
use crate::probe::{
    client::{Clients, buffers::BUFFER_BYTES_MAX},
    connect::{first_connected, race::tests::swallow},
    tls::{Offer, Tls},
    trace::Trace,
};

const LENGTH: usize = 4_000_000;

/// The longest piece of a large body that comes as fast as it can.
async fn longest_piece(settings: ProbeSettings, url: &str) -> usize {
    let url = Url::parse(url).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], url.port().unwrap()));
    let clients = Clients::new(&Tls::new(&settings.extra_authorities).unwrap(), None).unwrap();
    let client = clients.offering(Offer::Http1, true);
    let ask = || client.execute(Request::new(Method::GET, url.clone()));
    let trace = Trace::begin();
    let asked = first_connected(&mut vec![address].into(), SECOND, &trace, ask).await;
    let mut pieces = asked.unwrap().bytes_stream();
    let (mut longest, mut length) = (0, 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        longest = longest.max(piece.len());
        length += piece.len();
    }
    assert_eq!(length, LENGTH);
    longest
}

#[tokio::test]
async fn canary_a_connection_is_read_into_a_buffer_of_a_known_bound() {
    let plain = site(page("", vec![b'x'; LENGTH])).await;
    let longest = longest_piece(settings(), &plain).await;
    assert!(longest <= BUFFER_BYTES_MAX, "{longest}");

    let issuer = authority();
    let shown = signed(&params(), &issuer);
    let encrypted = encrypted(shown, &[], |mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(&page("", vec![b'x'; LENGTH])).await?;
        stream.shutdown().await
    })
    .await;
    let longest = longest_piece(trusting(issuer.der()), &encrypted).await;
    assert!(longest <= BUFFER_BYTES_MAX, "{longest}");
}

#[tokio::test]
async fn canary_a_session_is_looked_for_when_tcp_is_connected_and_no_sooner() {
    let hangs = serve(hang).await.replace("http:", "https:");
    let (probe, _, failure) = down(probe_with(impatient(), &hangs, "").await);
    assert_eq!(failure.phase, Some(Phase::Tls));
    assert!(probe.timings.connect.is_some() && probe.timings.tls.is_some());

    let (dead, _dead) = swallow(([127, 0, 0, 1], 0).into()).await;
    let (probe, _, failure) = down(probe_with(impatient(), &format!("https://{dead}/"), "").await);
    assert_eq!(failure.phase, Some(Phase::Connect));
    assert!(probe.timings.connect.is_some() && probe.timings.tls.is_none());
}

#[tokio::test]
async fn canary_the_client_asks_for_the_address_of_the_task_that_asks() {
    let port = Url::parse(&site(page("", "Hello")).await).unwrap().port();
    let url = Url::parse(&format!("http://nowhere.invalid:{}/", port.unwrap())).unwrap();
    let clients = Clients::new(&Tls::new(&[]).unwrap(), None).unwrap();
    let ask = || {
        let client = clients.offering(Offer::Http2AndHttp1, true);
        client.execute(Request::new(Method::GET, url.clone()))
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port.unwrap()));
    let trace = Trace::begin();
    let asked = first_connected(&mut vec![address].into(), SECOND, &trace, ask).await;
    assert_eq!(asked.unwrap().status(), 200);
    assert_eq!(trace.phase(), Some(Phase::FirstByte));
    // Without an attempt, it knows none, and is not led elsewhere.
    assert!(ask().await.is_err());
}
