//! Names, and the addresses behind them.

use std::net::SocketAddr;

use super::*;
use crate::probe::{
    connect::race::tests::swallow,
    resolve::tests::{Reply, asking, name_server},
};

/// Instruments for which every name has these addresses.
async fn resolving(settings: ProbeSettings, addresses: &[&str]) -> Instruments {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    let reply = Reply::Addresses(addresses);
    let server = name_server(move |_| reply.clone()).await;
    let resolver = asking(vec![server], settings.dns_timeout);
    let instruments = Arc::into_inner(Instruments::new(settings).unwrap()).unwrap();
    Instruments {
        resolver,
        ..instruments
    }
}

fn port(url: &str) -> u16 {
    Url::parse(url).unwrap().port().unwrap()
}

#[tokio::test]
async fn a_dead_first_address_costs_a_quarter_of_a_second_and_no_check() {
    let port = port(&site(page("", "Hello")).await);
    let (_, _dead) = swallow(SocketAddr::from(([127, 0, 0, 2], port))).await;
    let (_, _dead_too) = swallow(SocketAddr::from(([127, 0, 0, 3], port))).await;
    let settings = ProbeSettings {
        connect_timeout: SECOND,
        ..settings()
    };
    let addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.1"];
    let instruments = resolving(settings.clone(), &addresses).await;
    let url = format!("http://site.test:{port}/");
    let (probe, response) = up(probe_by(&instruments, &url, "hello").await);
    assert_eq!(response.matched, found("Hello"));
    let connect = probe.timings.connect.unwrap();
    assert!(
        connect >= Duration::from_millis(250) && connect < SECOND,
        "{connect:?}"
    );
    assert_eq!(
        probe.remote_address.unwrap().to_string(),
        format!("127.0.0.1:{port}")
    );

    let instruments = resolving(settings, &addresses[..2]).await;
    let (_, _, failure) = down(probe_by(&instruments, &url, "").await);
    assert_eq!(failure.reason, FailureReason::ConnectTimeout);
    assert_eq!(failure.reason.error_code(), 599);
}

#[tokio::test]
async fn a_network_without_the_first_family_costs_nothing() {
    let port = port(&site(page("", "Hello")).await);
    // Of the range for documentation, which leads nowhere.
    let instruments = resolving(settings(), &["2001:db8::1", "127.0.0.1"]).await;
    let url = format!("http://site.test:{port}/");
    let (probe, _) = up(probe_by(&instruments, &url, "").await);
    assert!(probe.timings.connect.unwrap() < SECOND);
}

#[tokio::test]
async fn names_that_browsers_open_are_up() {
    let port = port(&site(page("", "Hello")).await);
    let instruments = resolving(settings(), &["127.0.0.1"]).await;
    for name in ["my_site.test", "a.b_c.test", "label-.test", "-label.test"] {
        let url = format!("http://{name}:{port}/");
        let (probe, _) = up(probe_by(&instruments, &url, "").await);
        assert!(probe.timings.dns.is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_name_that_a_filter_answers_with_nothing_is_forbidden() {
    for address in ["0.0.0.0", "::"] {
        let instruments = resolving(settings(), &[address]).await;
        let (_, _, failure) = down(probe_by(&instruments, "http://blocked.test/", "").await);
        assert_eq!(failure.reason, FailureReason::AddressForbidden, "{address}");
    }
}
