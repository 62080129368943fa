//! Names asked for at name servers of our own on loopback.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use hickory_resolver::{
    Hosts,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    proto::{
        op::{Message, ResponseCode},
        rr::{RData, Record, RecordType},
    },
};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep},
};

use super::*;

const LIMIT: Duration = Duration::from_secs(4);
/// More than the library lets ask by itself, and no more than a socket's buffer holds.
const ASKING_AT_ONCE: usize = 64;

/// What a name server says to a question.
#[derive(Clone, Debug)]
pub(in crate::probe) enum Reply {
    Addresses(Vec<IpAddr>),
    Code(ResponseCode),
    Late(Duration, Vec<IpAddr>),
    /// One thing to each question for IPv4, another to each for IPv6.
    ByFamily(Box<Self>, Box<Self>),
    /// A message made of the question, or what else comes over the wire.
    Made(fn(Message) -> Vec<u8>),
    Silence,
}

/// A name server that answers so.
pub(in crate::probe) async fn name_server(
    reply: impl Fn(&str) -> Reply + Send + 'static,
) -> NameServerConfig {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut question = [0; 4096];
        while let Ok((length, asker)) = socket.recv_from(&mut question).await {
            let question = Message::from_vec(&question[..length]).unwrap();
            let name = question.queries[0].name().to_string();
            let reply = reply(name.trim_end_matches('.'));
            let socket = Arc::clone(&socket);
            tokio::spawn(async move {
                if let Some(answer) = answer(question, reply).await {
                    socket.send_to(&answer, asker).await.unwrap();
                }
            });
        }
    });
    let mut connection = ConnectionConfig::udp();
    connection.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![connection])
}

async fn answer(question: Message, reply: Reply) -> Option<Vec<u8>> {
    let query = question.queries[0].clone();
    let wanted = query.query_type();
    let reply = match reply {
        Reply::ByFamily(four, _) if wanted == RecordType::A => *four,
        Reply::ByFamily(_, six) => *six,
        reply => reply,
    };
    if let Reply::Made(make) = reply {
        return Some(make(question));
    }
    let mut answer = question.into_response();
    let addresses = match reply {
        Reply::Addresses(addresses) => addresses,
        Reply::Late(delay, addresses) => {
            sleep(delay).await;
            addresses
        }
        Reply::Code(code) => {
            answer.metadata.response_code = code;
            Vec::new()
        }
        Reply::Silence | Reply::ByFamily(..) | Reply::Made(_) => return None,
    };
    for address in addresses {
        let family = if address.is_ipv4() {
            RecordType::A
        } else {
            RecordType::AAAA
        };
        if family == wanted {
            let data = RData::from(address);
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
    }
    Some(answer.to_vec().unwrap())
}

/// A resolver that asks these name servers in their order, and no hosts file.
pub(in crate::probe) fn asking(servers: Vec<NameServerConfig>, limit: Duration) -> Resolver {
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let system = System::new(Hosts::default(), config, ResolverOpts::default(), limit).unwrap();
    Resolver {
        limit,
        system: Mutex::new(Some((stamp(), Arc::new(system)))),
    }
}

/// What is known of the name once it is resolved.
async fn resolve(resolver: &Resolver, name: &str) -> Result<Vec<IpAddr>, Reason> {
    let found = resolver.resolve(name, None).await?;
    Ok(found.addresses)
}

fn here() -> Vec<IpAddr> {
    vec!["127.0.0.1".parse().unwrap()]
}

#[tokio::test]
async fn names_that_browsers_take_are_asked_for() {
    let server = name_server(|_| Reply::Addresses(here())).await;
    let resolver = asking(vec![server], LIMIT);
    for name in [
        "my_site.test",
        "a.b_c.test",
        "_dmarc.test",
        "a-.test",
        "-a.test",
        "xn--bcher-kva.test",
    ] {
        assert_eq!(resolve(&resolver, name).await, Ok(here()), "{name}");
    }
    let long = "a".repeat(64);
    let (reason, _) = resolve(&resolver, &long).await.unwrap_err();
    assert_eq!(reason, FailureReason::DnsNotFound);
}

#[tokio::test]
async fn a_name_server_that_takes_nearly_all_the_time_still_answers() {
    let delay = LIMIT.mul_f64(0.65);
    let server = name_server(move |_| Reply::Late(delay, here())).await;
    let resolver = asking(vec![server], LIMIT);
    // Also once it is known to be slow.
    for _ in 0..2 {
        let began = Instant::now();
        assert_eq!(resolve(&resolver, "slow.test").await, Ok(here()));
        assert!(began.elapsed() >= delay);
    }
}

#[tokio::test]
async fn a_lost_question_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let server = name_server(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        // Both families' first questions are lost.
        0 | 1 => Reply::Silence,
        _ => Reply::Addresses(here()),
    })
    .await;
    let resolver = asking(vec![server], LIMIT);
    assert_eq!(resolve(&resolver, "lost.test").await, Ok(here()));
}

#[tokio::test]
async fn what_a_name_server_refuses_is_its_failure_however_many_ask() {
    for code in [ResponseCode::Refused, ResponseCode::ServFail] {
        let server = name_server(move |_| Reply::Code(code)).await;
        // Nobody waits for as long, but a busy machine.
        let resolver = Arc::new(asking(vec![server], LIMIT * 10));
        let asking: Vec<_> = (0..ASKING_AT_ONCE)
            .map(|number| {
                let resolver = Arc::clone(&resolver);
                tokio::spawn(async move { resolve(&resolver, &format!("n{number}.test")).await })
            })
            .collect();
        for asked in asking {
            let (reason, _) = asked.await.unwrap().unwrap_err();
            assert_eq!(reason, FailureReason::DnsServerFailure, "{code}");
        }
    }
}

#[tokio::test]
async fn what_one_name_server_does_not_say_the_next_one_does() {
    for first in [
        Reply::Silence,
        Reply::Code(ResponseCode::Refused),
        Reply::Code(ResponseCode::ServFail),
    ] {
        let reply = first.clone();
        let servers = vec![
            name_server(move |_| reply.clone()).await,
            name_server(|_| Reply::Addresses(here())).await,
        ];
        let answer = resolve(&asking(servers, LIMIT), "two.test").await;
        assert_eq!(answer, Ok(here()), "{first:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_there_is_not_sought_further() {
    let servers = vec![
        name_server(|_| Reply::Code(ResponseCode::NXDomain)).await,
        name_server(|_| Reply::Addresses(here())).await,
    ];
    let (reason, _) = resolve(&asking(servers, LIMIT), "no.test")
        .await
        .unwrap_err();
    assert_eq!(reason, FailureReason::DnsNotFound);
    let silent = vec![name_server(|_| Reply::Silence).await];
    let limit = Duration::from_millis(300);
    let (reason, _) = resolve(&asking(silent, limit), "x.test").await.unwrap_err();
    assert_eq!(reason, FailureReason::DnsTimeout);
}

/// A name server that knows IPv6 at once, and says this when it is asked for IPv4.
async fn late_with_ipv4(four: Reply) -> Resolver {
    let six = Reply::Addresses(vec!["2001:db8::1".parse().unwrap()]);
    let reply = Reply::ByFamily(Box::new(four), Box::new(six));
    let server = name_server(move |_| reply.clone()).await;
    asking(vec![server], LIMIT)
}

#[tokio::test]
async fn the_family_that_is_late_is_waited_for_beside_the_other() {
    let resolver = late_with_ipv4(Reply::Late(LIMIT / 8, here())).await;
    let found = resolver.resolve("late.test", None).await.unwrap();
    assert!(
        found.addresses.iter().all(IpAddr::is_ipv6),
        "{:?}",
        found.addresses
    );
    assert_eq!(found.later.unwrap().await, here());

    let resolver = late_with_ipv4(Reply::Code(ResponseCode::ServFail)).await;
    let found = resolver.resolve("none.test", None).await.unwrap();
    assert!(found.addresses.iter().all(IpAddr::is_ipv6));
    if let Some(later) = found.later {
        assert!(later.await.is_empty());
    }
}

#[tokio::test]
async fn where_one_family_is_wanted_the_other_says_nothing_of_it() {
    let resolver = late_with_ipv4(Reply::Late(LIMIT / 8, here())).await;
    let only = Some(IpVersion::V4);
    let found = resolver.resolve("late.test", only).await.unwrap();
    assert_eq!((found.addresses, found.later.is_none()), (here(), true));

    let resolver = late_with_ipv4(Reply::Code(ResponseCode::ServFail)).await;
    let failed = resolver.resolve("none.test", only).await.map(drop);
    assert_eq!(failed.unwrap_err().0, FailureReason::DnsServerFailure);
}
