//! A wall clock that is wrong: the prober's trouble, and no site's.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use devstack::Authority;
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::support::{Service, ServiceSettings, Topic, WallClock, eventually};

const HOUR: Duration = Duration::from_hours(1);
/// To the year 2020, or before.
const YEARS: Duration = Duration::from_hours(24 * 365 * 7);
const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
/// When a certificate is good, and by no other clock.
const GOOD_FOR: Duration = HOUR;

/// A site whose certificate is good now, and neither two hours ago nor in two hours.
async fn start_site(folder: &Path) -> String {
    let authority = Authority::new("Sites").unwrap();
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let now = SystemTime::now();
    let identity = authority.server_within(now - GOOD_FOR..now + GOOD_FOR);
    let config = identity.unwrap().server_config().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            // A visitor who left early is the test's own doing.
            if stream.read(&mut request).await.is_ok() {
                stream.write_all(PAGE).await.ok();
                stream.shutdown().await.ok();
            }
        }
    });
    url
}

/// A monitor of that site, every second, with state.
async fn settings(folder: &Path, topic: &Topic, clock: &WallClock) -> ServiceSettings {
    let url = start_site(folder).await;
    let targets = folder.join("urls.csv");
    fs::write(&targets, format!("url\n{url}\n")).unwrap();
    let settings = ServiceSettings::monitor(topic, &targets)
        .set("SSL_CERT_FILE", folder.join("ca.pem").display())
        .set("STATE_DIR", folder.join("state").display());
    clock.shown_to(settings)
}

/// Waits until so many more lines hold this.
async fn await_more(monitor: &Service, part: &str, more: usize) {
    let count = || monitor.log().iter().filter(|it| it.contains(part)).count();
    let before = count();
    let what = format!("{part:?}, {more} times");
    eventually(&what, async || (count() >= before + more).then_some(())).await;
}

/// The outcomes by due time.
fn outcomes(records: &[Value]) -> BTreeMap<Timestamp, String> {
    let outcomes = records.iter().map(|record| {
        let due: Timestamp = record["scheduled_at"].as_str().unwrap().parse().unwrap();
        (due, record["outcome"].as_str().unwrap().to_owned())
    });
    outcomes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_in_2020_blames_no_site_and_what_is_owed_is_told_once_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (topic, clock) = (Topic::create(1).await, WallClock::new());
    let settings = settings(folder.path(), &topic, &clock).await;
    let mut monitor = Service::start("monitor", &[], &settings);
    await_more(&monitor, " up ", 2).await;
    assert_eq!(monitor.terminate().await, Some(0));

    clock.set_back(YEARS);
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["Kafka: ready"]).await;
    await_more(&monitor, "the clock shows ", 3).await;
    let said = [
        " 503 ",
        "before the program's build",
        "as long as the clock is wrong",
    ];
    monitor.await_answer("/readyz", &said).await;
    clock.set(0);
    monitor.await_line(&["told as missed"]).await;
    await_more(&monitor, " up ", 2).await;
    assert_eq!(monitor.terminate().await, Some(0));

    let mut right = outcomes(&topic.read());
    let now = Timestamp::now();
    let wrong: Vec<_> = right
        .extract_if(.., |due, _| now.duration_since(*due).as_hours() > 24)
        .collect();
    assert!(wrong.len() >= 3, "{wrong:?}");
    assert!(
        wrong.iter().all(|(_, outcome)| outcome == "missed"),
        "{wrong:?}"
    );
    assert!(right.values().all(|outcome| outcome != "down"), "{right:?}");
    let due: Vec<_> = right.keys().collect();
    let is_next = |pair: &[&Timestamp]| pair[1].duration_since(*pair[0]).as_millis() == 1_000;
    assert!(due.windows(2).all(is_next), "none is missing: {right:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps_by_hours_makes_no_good_certificate_bad() {
    let folder = tempfile::tempdir().unwrap();
    let (topic, clock) = (Topic::create(1).await, WallClock::new());
    let settings = settings(folder.path(), &topic, &clock).await;
    let mut monitor = Service::start("monitor", &[], &settings);
    await_more(&monitor, " up ", 2).await;
    let hours = i64::try_from(HOUR.as_secs()).unwrap();
    for (ahead, seen) in [
        (-2 * hours, "stepped back by"),
        (0, " up "),
        (2 * hours, "stepped ahead by"),
    ] {
        clock.set(ahead);
        await_more(&monitor, seen, 4).await;
    }
    // What is due in two hours is refused by Kafka, which is right.
    monitor
        .await_line(&["Is this machine's clock ahead?"])
        .await;
    clock.set(0);
    await_more(&monitor, " up ", 2).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    let reasons = records
        .iter()
        .map(|record| record["failure"]["reason"].as_str());
    let reasons: Vec<_> = reasons.flatten().collect();
    assert!(reasons.len() > 8, "{reasons:?}");
    assert!(
        reasons.iter().all(|it| *it == "prober_failed"),
        "{reasons:?}"
    );
}
