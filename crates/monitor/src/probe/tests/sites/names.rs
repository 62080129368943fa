//! Names that do not resolve, resolve late, or lead to addresses of which some are dead.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use hickory_resolver::proto::op::ResponseCode;

use super::{super::*, complaint, page, site};
use crate::probe::{
    connect::race::tests::swallow,
    resolve::tests::{Reply, asking, name_server},
};

const HELLO: &str = "up 200 matched Hello";
const LIMIT: Duration = Duration::from_secs(2);

/// A name, and what is said of its site.
const NAMES: &[(&str, &str)] = &[
    ("well.test", HELLO),
    ("under_score.test", HELLO),
    ("slow.test", HELLO),
    ("lost.test", HELLO),
    ("dead-first.test", HELLO),
    ("refusing-first.test", HELLO),
    ("other-family-first.test", HELLO),
    ("dead.test", "down 599 connect_timeout in connect"),
    ("refusing.test", "down -1 connect_refused in connect"),
    ("absent.test", "down 404 dns_not_found in dns"),
    ("empty.test", "down 404 dns_not_found in dns"),
    ("broken.test", "down 404 dns_server_failure in dns"),
    ("refused.test", "down 404 dns_server_failure in dns"),
    ("not-understood.test", "down 404 dns_server_failure in dns"),
    ("silent.test", "down 404 dns_timeout in dns"),
    ("too-slow.test", "down 404 dns_timeout in dns"),
    ("blocked.test", "down -1 address_forbidden"),
    ("blocked-6.test", "down -1 address_forbidden"),
];

fn reply(name: &str, asked: &AtomicUsize) -> Reply {
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let here = || addresses(&["127.0.0.1"]);
    Reply::Addresses(match name {
        "slow.test" => return Reply::Late(LIMIT * 6 / 10, here()),
        "too-slow.test" => return Reply::Late(LIMIT * 2, here()),
        // Both families' first questions.
        "lost.test" if asked.fetch_add(1, Ordering::Relaxed) < 2 => return Reply::Silence,
        "silent.test" => return Reply::Silence,
        "absent.test" => return Reply::Code(ResponseCode::NXDomain),
        "broken.test" => return Reply::Code(ResponseCode::ServFail),
        "refused.test" => return Reply::Code(ResponseCode::Refused),
        "not-understood.test" => return Reply::Code(ResponseCode::NotImp),
        "empty.test" => Vec::new(),
        "dead-first.test" => addresses(&["127.0.0.2", "127.0.0.1"]),
        "dead.test" => addresses(&["127.0.0.2"]),
        "refusing-first.test" => addresses(&["127.0.0.3", "127.0.0.1"]),
        "refusing.test" => addresses(&["127.0.0.3"]),
        "other-family-first.test" => addresses(&["2001:db8::1", "127.0.0.1"]),
        "blocked.test" => addresses(&["0.0.0.0"]),
        "blocked-6.test" => addresses(&["::"]),
        _ => here(),
    })
}

#[tokio::test]
async fn names() {
    let port = Url::parse(&site(page("", "Hello")).await)
        .unwrap()
        .port()
        .unwrap();
    let (_, _dead) = swallow(SocketAddr::from(([127, 0, 0, 2], port))).await;
    let asked = AtomicUsize::new(0);
    let server = name_server(move |name| reply(name, &asked)).await;
    let instruments = Instruments::new(ProbeSettings {
        dns_timeout: LIMIT,
        connect_timeout: LIMIT,
        ..settings()
    });
    let instruments = Arc::new(Instruments {
        resolver: asking(vec![server], LIMIT),
        ..Arc::into_inner(instruments.unwrap()).unwrap()
    });
    let probes = NAMES.iter().map(|(name, expected)| {
        let instruments = Arc::clone(&instruments);
        tokio::spawn(async move {
            let url = format!("http://{name}:{port}/");
            let outcome = probe_by(&instruments, &url, "hello").await;
            complaint(name, expected, &outcome)
        })
    });
    let probes: Vec<_> = probes.collect();
    let mut complaints = Vec::new();
    for probe in probes {
        complaints.extend(probe.await.unwrap());
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
