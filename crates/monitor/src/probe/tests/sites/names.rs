//! Names that do not resolve, resolve late, or lead to addresses of which some are dead.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
};

use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::CNAME},
};

use super::{super::*, complaint, page, site};
use crate::probe::{
    connect::race::tests::swallow,
    resolve::tests::{Reply, asking, name_server},
};

const HELLO: &str = "up 200 matched Hello";
const LIMIT: Duration = Duration::from_secs(2);
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

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
    ("well.test.", HELLO),
    ("WELL.TEST", HELLO),
    ("b\u{fc}cher.test", HELLO),
    ("intranet", HELLO),
    ("-a.test", HELLO),
    ("a-.test", HELLO),
    ("a--b.test", HELLO),
    ("*.test", HELLO),
    ("a+b~c!.test", HELLO),
    ("1.2.3.test", HELLO),
    (LABEL, HELLO),
    (LONGER_LABEL, "down 404 dns_not_found in dns"),
    ("a..test", "down 404 dns_not_found in dns"),
    ("no-6-servfail.test", HELLO),
    ("no-6-refused.test", HELLO),
    ("no-6-not-understood.test", HELLO),
    ("no-6-absent.test", HELLO),
    ("no-6-silent.test", HELLO),
    ("no-4-silent.test", "down 404 dns_timeout in dns"),
    ("no-4-servfail.test", "down 404 dns_server_failure in dns"),
    ("no-4-absent.test", "down 404 dns_not_found in dns"),
    ("misformed.test", "down 404 dns_server_failure in dns"),
    ("garbage.test", "down 404 dns_server_failure in dns"),
    ("empty-answer.test", "down 404 dns_timeout in dns"),
    ("another-id.test", "down 404 dns_timeout in dns"),
    ("another-question.test", "down 404 dns_timeout in dns"),
    ("another-name.test", "down 404 dns_not_found in dns"),
    ("alias.test", HELLO),
    ("alias-alone.test", HELLO),
    ("alias-of-itself.test", "down 404 dns_not_found in dns"),
    ("alias-of-nobody.test", "down 404 dns_not_found in dns"),
    ("blocked-and-well.test", HELLO),
    ("mapped.test", HELLO),
    ("crowd.test", "down -1 connect_refused in connect"),
    ("same-twice.test", HELLO),
];

/// The longest part of a name, and a longer one.
const LABEL: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test";
const LONGER_LABEL: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test";

/// An answer that says first that the name is another's, and then perhaps the other's address.
fn alias(question: Message, of: &str, addresses: &[Ipv4Addr]) -> Vec<u8> {
    let query = question.queries[0].clone();
    let (name, other) = (query.name().clone(), Name::from_ascii(of).unwrap());
    let mut answer = question.into_response();
    let data = RData::CNAME(CNAME(other.clone()));
    answer.add_answer(Record::from_rdata(name, 60, data));
    if query.query_type() == RecordType::A {
        for address in addresses {
            let data = RData::A((*address).into());
            answer.add_answer(Record::from_rdata(other.clone(), 60, data));
        }
    }
    answer.to_vec().unwrap()
}

/// What a name server answers that is broken, or lies.
fn odd_reply(name: &str) -> Option<Reply> {
    let code = |code| Box::new(Reply::Code(code));
    let four = |six| Reply::ByFamily(Box::new(Reply::Addresses(vec![HERE.into()])), six);
    let no_four = |reply| Reply::ByFamily(reply, Box::new(Reply::Addresses(Vec::new())));
    Some(match name {
        "no-6-servfail.test" => four(code(ResponseCode::ServFail)),
        "no-6-refused.test" => four(code(ResponseCode::Refused)),
        "no-6-not-understood.test" => four(code(ResponseCode::NotImp)),
        "no-6-absent.test" => four(code(ResponseCode::NXDomain)),
        "no-6-silent.test" => four(Box::new(Reply::Silence)),
        "no-4-silent.test" => no_four(Box::new(Reply::Silence)),
        "no-4-servfail.test" => no_four(code(ResponseCode::ServFail)),
        "no-4-absent.test" => no_four(code(ResponseCode::NXDomain)),
        "misformed.test" => Reply::Code(ResponseCode::FormErr),
        "garbage.test" => Reply::Made(|question| {
            let id = question.id.to_be_bytes();
            [&id[..], &[0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xff, 0xff]].concat()
        }),
        "empty-answer.test" => Reply::Made(|_| Vec::new()),
        "another-id.test" => Reply::Made(|mut question| {
            question.metadata.id = question.id.wrapping_add(1);
            alias(question, "well.test.", &[HERE])
        }),
        "another-question.test" => Reply::Made(|mut question| {
            question.queries[0].set_name(Name::from_ascii("other.test.").unwrap());
            alias(question, "well.test.", &[HERE])
        }),
        "another-name.test" => Reply::Made(|question| {
            let mut answer = question.into_response();
            let name = Name::from_ascii("other.test.").unwrap();
            answer.add_answer(Record::from_rdata(name, 60, RData::A(HERE.into())));
            answer.to_vec().unwrap()
        }),
        "alias.test" => Reply::Made(|question| alias(question, "well.test.", &[HERE])),
        "alias-alone.test" => Reply::Made(|question| alias(question, "well.test.", &[])),
        "alias-of-itself.test" => Reply::Made(|it| alias(it, "alias-of-itself.test.", &[])),
        "alias-of-nobody.test" => Reply::Made(|question| alias(question, "absent.test.", &[])),
        _ => return None,
    })
}

fn reply(name: &str, asked: &AtomicUsize) -> Reply {
    if let Some(odd) = odd_reply(name) {
        return odd;
    }
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
        "blocked-and-well.test" => addresses(&["0.0.0.0", "127.0.0.1"]),
        "mapped.test" => addresses(&["::ffff:127.0.0.1"]),
        "crowd.test" => (1..=40).map(|last| [127, 0, 9, last].into()).collect(),
        "same-twice.test" => addresses(&["127.0.0.3", "127.0.0.3", "127.0.0.1"]),
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
