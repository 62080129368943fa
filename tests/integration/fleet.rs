//! Targets in a topic, and monitors that share it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use devstack::{Kafka, KafkaOptions, Proxied, Server as _};
use jiff::{SignedDuration, Timestamp};
use messages::DueTimes;
use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, BaseRecord, Producer},
};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Answer, Database, Proxy, Service, ServiceSettings, Site, Topic, eventually};

const TARGETS: usize = 1000;
const INTERVAL: Duration = Duration::from_secs(10);
/// As short as brokers allow.
const SESSION: Duration = Duration::from_secs(6);
/// A member's targets may differ from its share by this part of it: the group shares out partitions, and how
/// many targets each holds is chance. Of a quarter of the targets more than a fifth is missing once in a
/// thousand runs.
const SPREAD: f64 = 0.2;
const SPREAD_OF_A_QUARTER: f64 = 0.25;
/// A period that is worth looking at.
const LONG: SignedDuration = SignedDuration::from_secs(13);

/// The settings of monitors whose targets live in a topic of the test's own, and of `targets publish`.
fn settings(topic: &Topic, file: &Path) -> ServiceSettings {
    ServiceSettings::monitor(topic, file)
        .set("URLS_PROVIDER_TYPE", "KafkaUrlsProvider")
        .set("TARGETS_TOPIC", targets_topic(topic))
}

fn targets_topic(topic: &Topic) -> String {
    format!("targets_{}", topic.name)
}

async fn publish(settings: &ServiceSettings, options: &[&str], status: i32) -> String {
    let arguments = [&["targets", "publish"], options].concat();
    let (code, text, said) = Service::run("monitor", &arguments, settings).await;
    assert_eq!(code, Some(status), "{options:?}: {text}{said}");
    text + &said
}

fn write_file(file: &Path, sites: &[&Site]) {
    let rows = sites.iter().map(|site| format!("{}\n", site.url));
    fs::write(file, format!("url\n{}", rows.collect::<String>())).unwrap();
}

async fn await_visit(site: &Site) {
    let before = site.requests();
    eventually("the site is visited", async || {
        (site.requests() > before).then_some(())
    })
    .await;
}

/// Writes a record into the topic of targets, as anybody may.
fn write_record(topic: &Topic, key: &str, value: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &topic.bootstrap)
        .create()
        .unwrap();
    let targets = targets_topic(topic);
    let record = BaseRecord::to(&targets).key(key).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(Duration::from_secs(30)).unwrap();
}

/// What a monitor says of records that say nothing, and of a key that none of them has.
async fn say_what_means_nothing(monitor: &Service, topic: &Topic, url: &str) {
    let targets = targets_topic(topic);
    write_record(topic, "ftp://nonsense.test/", "{}");
    let nonsense = "\"ftp://nonsense.test/\": the url does not begin with http:// or https://";
    monitor
        .await_line(&[&targets, "partition ", "offset ", nonsense])
        .await;
    write_record(topic, url, r#"{"keyword":"well"}"#);
    let unknown = "\"keyword\" is not known and means nothing; did you mean \"must_match\"?";
    monitor
        .await_line(&[&targets, "partition ", url, unknown])
        .await;
    let counted = "monitor_bad_target_rows 1";
    monitor.await_answer("/metrics", &[counted]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_published_into_their_topic_and_followed_there() {
    let [stays, leaves, comes] = [
        Site::start(Answer::page("well")).await,
        Site::start(Answer::page("well")).await,
        Site::start(Answer::page("well")).await,
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("urls.csv");
    write_file(&file, &[&stays, &leaves]);
    let topic = Topic::create(2).await;
    let settings = settings(&topic, &file).set("TARGETS_PARTITIONS", 3);
    let shown = publish(&settings, &["--dry-run"], 0).await;
    assert!(
        shown.contains("is to be made, with 3 partitions"),
        "{shown}"
    );
    assert!(
        shown.contains("2 to add, 0 to change, 0 to remove"),
        "{shown}"
    );
    let refused = publish(&settings, &[], 2).await;
    assert!(refused.contains("--yes"), "{refused}");

    // Whoever starts before the topic is there waits for it.
    let mut monitor = Service::start("monitor", &[], &settings);
    monitor.await_line(&["monitor targets publish"]).await;
    assert!(publish(&settings, &["--yes"], 0).await.contains("Written"));
    await_visit(&leaves).await;
    let again = publish(&settings, &[], 0).await;
    assert!(
        again.contains("0 to add, 0 to change, 0 to remove, 2 as"),
        "{again}"
    );

    say_what_means_nothing(&monitor, &topic, &stays.url).await;

    write_file(&file, &[&stays, &comes]);
    let kept = publish(&settings, &["--yes"], 0).await;
    assert!(kept.contains(&format!("? {}", leaves.url)), "{kept}");
    await_visit(&comes).await;
    await_visit(&leaves).await;
    let pruned = publish(&settings, &["--prune", "--yes"], 0).await;
    assert!(pruned.contains(&format!("- {}", leaves.url)), "{pruned}");
    monitor.await_line(&["it left the", &leaves.url]).await;
    let (code, listed, _) = Service::run("monitor", &["targets"], &settings).await;
    assert_eq!(code, Some(0), "{listed}");
    assert!(
        listed.contains(&stays.url) && listed.contains(&comes.url),
        "{listed}"
    );
    assert!(!listed.contains(&leaves.url), "{listed}");
    let said = "targets: 2, of the topic";
    monitor.await_answer("/readyz", &[said]).await;
    assert_eq!(monitor.terminate().await, Some(0));
}

/// A monitor of the fleet, with a state of its own.
struct Member {
    service: Service,
    _state: TempDir,
}

/// The fleet, and what its members have in common.
struct Fleet {
    settings: ServiceSettings,
    members: Vec<Member>,
}

/// The settings that all members have.
fn fleet_settings(topic: &Topic, file: &Path) -> ServiceSettings {
    settings(topic, file)
        .set("MONITOR_GROUP", &topic.name)
        .set("MONITOR_SESSION_TIMEOUT", SESSION.as_secs())
        .set("WEBSITES_CHECK_INTERVAL", INTERVAL.as_secs())
        .set("PROBES_PER_HOST_MAX", 256)
}

impl Fleet {
    fn of(settings: ServiceSettings) -> Self {
        let members = Vec::new();
        Self { settings, members }
    }

    fn add(&mut self) {
        self.add_with(self.settings.clone());
    }

    fn add_with(&mut self, settings: ServiceSettings) {
        let state = tempfile::tempdir().unwrap();
        let settings = settings.set("STATE_DIR", state.path().display());
        self.members.push(Member {
            service: Service::start("monitor", &[], &settings),
            _state: state,
        });
    }

    /// Waits until each of them has its share of the targets.
    async fn await_shares(&self, members: &[usize]) {
        #[expect(clippy::cast_precision_loss, reason = "a thousand")]
        let share = TARGETS as f64 / members.len() as f64;
        let spread = if members.len() < 4 {
            SPREAD
        } else {
            SPREAD_OF_A_QUARTER
        };
        let bounds = share * (1.0 - spread)..=share * (1.0 + spread);
        let what = format!("each of {} monitors has its share", members.len());
        eventually(&what, async || {
            let mut all = 0.0;
            for &member in members {
                let metrics = self.members[member].service.get("/metrics").await;
                let line = metrics
                    .lines()
                    .find(|it| it.starts_with("monitor_targets "))?;
                let targets: f64 = line.split_once(' ')?.1.parse().ok()?;
                if !bounds.contains(&targets) {
                    return None;
                }
                all += targets;
            }
            #[expect(clippy::cast_precision_loss, reason = "a thousand")]
            let is_all = (all - TARGETS as f64).abs() < 0.5;
            is_all.then_some(())
        })
        .await;
    }
}

/// What is done to the fleet, in an order and to members that a seed says.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill,
    Freeze,
    Add,
}

const ORDERS: [[Blow; 3]; 6] = [
    [Blow::Kill, Blow::Freeze, Blow::Add],
    [Blow::Kill, Blow::Add, Blow::Freeze],
    [Blow::Freeze, Blow::Kill, Blow::Add],
    [Blow::Freeze, Blow::Add, Blow::Kill],
    [Blow::Add, Blow::Kill, Blow::Freeze],
    [Blow::Add, Blow::Freeze, Blow::Kill],
];

/// A member is killed, one is added, and another of the old ones is frozen. `FLEET_SEED` says another, of
/// which there are eighteen: a run is the same each time, so that one that fails can be had again.
const SEED: usize = 7;

fn seed() -> usize {
    std::env::var("FLEET_SEED").map_or(SEED, |seed| seed.parse().expect("FLEET_SEED is a number"))
}

fn write_many(folder: &Path, site: &Site) -> (PathBuf, Vec<String>) {
    let urls: Vec<_> = (0..TARGETS).map(|it| format!("{}{it}", site.url)).collect();
    let file = folder.join("urls.csv");
    fs::write(&file, format!("url\n{}\n", urls.join("\n"))).unwrap();
    (file, urls)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_that_is_killed_frozen_and_grown_accounts_for_each_check_once() {
    let seed = seed();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, urls) = write_many(folder.path(), &site);
    let (topic, database) = (Topic::create(4).await, Database::create().await);
    let settings = fleet_settings(&topic, &file);
    publish(&settings, &["--yes"], 0).await;
    let mut fleet = Fleet::of(settings);
    (0..3).for_each(|_| fleet.add());
    let mut living = vec![0, 1, 2];
    fleet.await_shares(&living).await;
    let since = Timestamp::now();

    for blow in ORDERS[seed % ORDERS.len()] {
        let victim = seed / ORDERS.len() % living.len();
        match blow {
            Blow::Kill => fleet.members[living.remove(victim)].service.kill(),
            Blow::Add => {
                fleet.add();
                living.push(fleet.members.len() - 1);
            }
            Blow::Freeze => {
                let frozen = living.remove(victim);
                fleet.members[frozen].service.signal(Signal::STOP);
                // The others have its targets, which it does not know yet.
                fleet.await_shares(&living).await;
                fleet.members[frozen].service.signal(Signal::CONT);
                living.push(frozen);
            }
        }
        fleet.await_shares(&living).await;
    }

    // What comes due while all of them stop, nobody is there to make: it is told when the fleet starts again.
    let until = Timestamp::now() - SignedDuration::from_secs(2);
    for member in living {
        let exit = fleet.members[member].service.terminate().await;
        assert_eq!(exit, Some(0));
    }
    assert_accounts(&topic, &database, &urls, since, until).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_goes_on_while_kafka_is_away() {
    let mut kafka = Kafka::throwaway(KafkaOptions::default()).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, urls) = write_many(folder.path(), &site);
    let topic = Topic::create_on(&kafka, 2).await;
    let settings = fleet_settings(&topic, &file);
    publish(&settings, &["--yes"], 0).await;
    let mut fleet = Fleet::of(settings);
    (0..2).for_each(|_| fleet.add());
    fleet.await_shares(&[0, 1]).await;
    let since = Timestamp::now();

    kafka.stop().await.unwrap();
    for member in &fleet.members {
        let service = &member.service;
        service.await_line(&["goes on without us"]).await;
    }
    let before = site.requests();
    eventually("each is checked all the same", async || {
        (site.requests() >= before + TARGETS).then_some(())
    })
    .await;
    kafka.start().await.unwrap();
    for member in &fleet.members {
        let service = &member.service;
        eventually("the group takes it in again", async || {
            let ready = service.get("/readyz").await;
            (!ready.contains("no answer")).then_some(())
        })
        .await;
    }
    fleet.await_shares(&[0, 1]).await;
    fleet.end_and_account(&topic, &urls, since).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_cut_off_alone_is_stood_in_for_and_taken_in_again() {
    let behind = devstack::free_port().unwrap();
    let proxy = Proxy::before(behind).await;
    let proxied = Some(Proxied {
        listen: behind,
        advertise: proxy.port,
    });
    let options = KafkaOptions {
        proxied,
        ..KafkaOptions::default()
    };
    let kafka = Kafka::throwaway(options).await.unwrap();
    let site = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, urls) = write_many(folder.path(), &site);
    let topic = Topic::create_on(&kafka, 2).await;
    let settings = fleet_settings(&topic, &file);
    publish(&settings, &["--yes"], 0).await;
    let beyond = settings
        .clone()
        .set("BOOTSTRAP_SERVERS", format!("127.0.0.1:{}", proxy.port));
    let mut fleet = Fleet::of(settings);
    (0..2).for_each(|_| fleet.add());
    fleet.add_with(beyond);
    fleet.await_shares(&[0, 1, 2]).await;
    let since = Timestamp::now();

    proxy.fall_silent();
    fleet.await_shares(&[0, 1]).await;
    let cut_off = &fleet.members[2].service;
    cut_off.await_line(&["goes on without us"]).await;
    let ready = cut_off.get("/readyz").await;
    assert!(ready.contains("the group gives no answer"), "{ready}");
    proxy.speak_again();
    fleet.await_shares(&[0, 1, 2]).await;
    eventually("more than an interval has passed", async || {
        (Timestamp::now().duration_since(since) > LONG).then_some(())
    })
    .await;

    fleet.end_and_account(&topic, &urls, since).await;
}

impl Fleet {
    /// Stops all of them, and has each check since then accounted for.
    async fn end_and_account(mut self, topic: &Topic, urls: &[String], since: Timestamp) {
        let until = Timestamp::now() - SignedDuration::from_secs(2);
        for member in &mut self.members {
            assert_eq!(member.service.terminate().await, Some(0));
        }
        let database = Database::create().await;
        assert_accounts(topic, &database, urls, since, until).await;
    }
}

/// Each check that was due in a period has one row, and most were made.
async fn assert_accounts(
    topic: &Topic,
    database: &Database,
    urls: &[String],
    since: Timestamp,
    until: Timestamp,
) {
    let settings = ServiceSettings::consumer(topic, database);
    let consumer = Service::start("consumer", &[], &settings);
    let end = topic.ends().iter().map(|(_, end)| end).sum::<i64>();
    database
        .await_true(&format!("SELECT sum(next_offset) = {end} FROM offsets"))
        .await;
    let (since_text, until_text) = (since.to_string(), until.to_string());
    let verify = [
        "verify",
        "--since",
        &since_text,
        "--until",
        &until_text,
        "--json",
    ];
    let (code, report, said) = Service::run("consumer", &verify, &settings).await;
    let parsed: Value = serde_json::from_str(&report).unwrap_or_default();
    assert_eq!(code, Some(0), "{said}{parsed:#}");
    drop(consumer);

    let rows = database
        .rows(&format!(
            "SELECT url, outcome::text, count(*) FROM results WHERE scheduled_at >= '{since}' \
             AND scheduled_at < '{until}' GROUP BY 1, 2"
        ))
        .await;
    let (mut stored, mut up) = (BTreeMap::<String, i64>::new(), 0);
    for row in &rows {
        let count: i64 = row.get(2);
        *stored.entry(row.get(0)).or_default() += count;
        if row.get::<_, String>(1) == "up" {
            up += count;
        }
    }
    let due = |url: &String| DueTimes::new(url, INTERVAL).within(since..until).count();
    let wanted: BTreeMap<_, _> = urls
        .iter()
        .map(|url| (url.clone(), due(url) as i64))
        .collect();
    assert_eq!(stored, wanted);
    let all: i64 = wanted.values().sum();
    let long = until.duration_since(since) > SignedDuration::from_secs(10);
    assert!(long && up * 2 > all, "{up} of {all} were made");
}
