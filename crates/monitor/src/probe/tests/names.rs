//! Names, and the addresses behind them.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::probe::{
    connect::race::tests::swallow,
    resolve::tests::{Reply, asking, name_server},
};

fn addresses(texts: &[&str]) -> Reply {
    Reply::Addresses(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// Instruments for which every name has these addresses.
async fn resolving(settings: ProbeSettings, texts: &[&str]) -> Instruments {
    let reply = addresses(texts);
    answering(settings, move |_| reply.clone()).await
}

/// Instruments whose name server answers so.
async fn answering(
    settings: ProbeSettings,
    reply: impl Fn(&str) -> Reply + Send + 'static,
) -> Instruments {
    let server = name_server(reply).await;
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
    let addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.1"];
    let instruments = resolving(settings(), &addresses).await;
    let url = format!("http://site.test:{port}/");
    let (probe, response) = up(probe_by(&instruments, &url, "hello").await);
    assert_eq!(response.matched, found("Hello"));
    let connect = probe.timings.connect.unwrap();
    assert!(
        connect >= Duration::from_millis(250) && connect < settings().connect_timeout,
        "{connect:?}"
    );
    assert_eq!(
        probe.remote_address.unwrap().to_string(),
        format!("127.0.0.1:{port}")
    );

    let settings = ProbeSettings {
        connect_timeout: SECOND,
        ..settings()
    };
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
    assert!(probe.timings.connect.unwrap() < settings().connect_timeout);
}

/// IPv6, which leads nowhere here, is known at once; IPv4 only after a while.
fn ipv4_is_late(_: &str) -> Reply {
    let four = vec!["127.0.0.1".parse().unwrap()];
    let late = Reply::Late(Duration::from_millis(500), four);
    Reply::ByFamily(Box::new(late), Box::new(addresses(&["2001:db8::1"])))
}

#[tokio::test]
async fn a_family_whose_addresses_come_late_is_tried_all_the_same() {
    let port = port(&site(page("", "Hello")).await);
    let url = format!("http://site.test:{port}/");
    let instruments = answering(settings(), ipv4_is_late).await;
    let (probe, response) = up(probe_by(&instruments, &url, "hello").await);
    assert_eq!(response.matched, found("Hello"));
    assert_eq!(probe.remote_address.unwrap().ip().to_string(), "127.0.0.1");

    // What is known first may be forbidden.
    let instruments = answering(forbidding("2001:db8::/32"), ipv4_is_late).await;
    up(probe_by(&instruments, &url, "hello").await);

    // And it may not be wanted.
    let instruments = answering(settings(), ipv4_is_late).await;
    let mut request = request(&url, "hello");
    request.asking.ip_version = Some(IpVersion::V4);
    let finding = instruments.probe(&request, &CancellationToken::new()).await;
    up(finding.outcome);
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
    for name in ["label-.test", "-label.test"] {
        let url = format!("https://{name}:{port}/");
        let outcome = probe_by(&instruments, &url, "").await;
        let Outcome::Missed { failure, .. } = outcome else {
            panic!("{name}: {outcome:?}");
        };
        let detail = failure.detail.unwrap();
        assert!(detail.contains("browsers may show"), "{detail}");
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

fn forbidding(text: &str) -> ProbeSettings {
    ProbeSettings {
        policy: text.parse().unwrap(),
        ..settings()
    }
}

/// That nothing was asked of the site, and why.
fn forbidden(outcome: Outcome) -> String {
    let (probe, response, failure) = down(outcome);
    assert_eq!(failure.reason, FailureReason::AddressForbidden);
    assert_eq!((response, probe.timings.connect), (None, None));
    failure.detail.unwrap()
}

#[tokio::test]
async fn of_several_addresses_only_those_that_are_allowed_are_tried() {
    let port = port(&site(page("", "Hello")).await);
    let url = format!("http://site.test:{port}/");
    let settings = forbidding("127.0.0.2, ::/0");
    let instruments = resolving(settings.clone(), &["127.0.0.2", "::1", "127.0.0.1"]).await;
    let (probe, _) = up(probe_by(&instruments, &url, "").await);
    let address = probe.remote_address.unwrap().to_string();
    assert_eq!(address, format!("127.0.0.1:{port}"));

    let instruments = resolving(settings, &["127.0.0.2"]).await;
    let detail = forbidden(probe_by(&instruments, &url, "").await);
    assert!(detail.contains("127.0.0.2 is forbidden"), "{detail}");
}

#[tokio::test]
async fn a_name_that_flips_is_judged_by_the_answer_that_is_used() {
    let port = port(&site(page("", "Hello")).await);
    let url = format!("http://flips.test:{port}/");
    let asked = AtomicUsize::new(0);
    // Each check asks twice, once for each family.
    let instruments = answering(forbidding("127.0.0.2, ::/0"), move |_| {
        match asked.fetch_add(1, Ordering::Relaxed) / 2 % 2 {
            0 => addresses(&["127.0.0.1"]),
            _ => addresses(&["127.0.0.2"]),
        }
    })
    .await;
    for _ in 0..3 {
        up(probe_by(&instruments, &url, "").await);
        forbidden(probe_by(&instruments, &url, "").await);
    }
}

#[tokio::test]
async fn every_hop_is_judged() {
    let inside = port(&site(page("", "secret")).await);
    for host in ["inside.test", "127.0.0.2", "2130706434", "[::ffff:7f00:2]"] {
        let answer = format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{host}:{inside}/\r\nContent-Length: 0\r\n\r\n"
        );
        let outside = port(&site(answer).await);
        let settings = ProbeSettings {
            redirects_max: Some(5),
            ..forbidding("127.0.0.2")
        };
        let instruments = answering(settings, |name| match name {
            "inside.test" => addresses(&["127.0.0.2"]),
            _ => addresses(&["127.0.0.1"]),
        })
        .await;
        let url = format!("http://outside.test:{outside}/");
        let (probe, response, failure) = down(probe_by(&instruments, &url, "").await);
        assert_eq!(failure.reason, FailureReason::AddressForbidden, "{host}");
        assert_eq!((probe.redirects, response.unwrap().status), (1, 302));
    }
}
