//! The targets file is edited while a monitor runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Answer, Service, ServiceSettings, Site, Topic, eventually};

const INTERVAL_SECONDS: i64 = 1;
/// Shorter than a file must be steady before it is read.
const PAUSE_OF_A_WRITER: Duration = Duration::from_millis(400);
/// A machine that stands still makes the pause longer; then it says nothing.
const PAUSE_MAX: Duration = Duration::from_millis(900);
const TRIES_MAX: usize = 10;

async fn sites<const COUNT: usize>() -> [Site; COUNT] {
    let mut sites = Vec::new();
    for _ in 0..COUNT {
        sites.push(Site::start(Answer::page("well")).await);
    }
    sites.try_into().ok().expect("so many")
}

fn list(sites: &[&Site]) -> String {
    let rows = sites.iter().map(|site| format!("{}\n", site.url));
    format!("url\n{}", rows.collect::<String>())
}

/// Another file takes the name, in one step.
fn rename_over(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

async fn await_visit(site: &Site) {
    let before = site.requests();
    eventually("the site is visited", async || {
        (site.requests() > before).then_some(())
    })
    .await;
}

/// Each url's due times with their outcomes; no due time has two results.
fn by_url(records: &[Value]) -> BTreeMap<&str, BTreeMap<Timestamp, &str>> {
    let mut by_url = BTreeMap::<_, BTreeMap<_, _>>::new();
    for record in records {
        let at = record["scheduled_at"].as_str().unwrap().parse().unwrap();
        let outcomes = by_url.entry(record["url"].as_str().unwrap()).or_default();
        let twice = outcomes.insert(at, record["outcome"].as_str().unwrap());
        assert_eq!(twice, None, "{record}");
    }
    by_url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_file_takes_effect_and_leaves_the_others_alone() {
    let [stays, leaves, comes, ordered] = sites().await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, list(&[&stays, &leaves])).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets);
    let mut monitor = Service::start("monitor", &[], &settings);
    await_visit(&leaves).await;

    rename_over(&targets, &list(&[&stays, &comes]));
    await_visit(&comes).await;
    monitor.await_line(&["it left the targets"]).await;
    fs::write(&targets, list(&[&stays, &comes, &ordered])).unwrap();
    monitor.signal(Signal::HUP);
    await_visit(&ordered).await;
    assert_eq!(monitor.terminate().await, Some(0));

    let records = topic.read();
    let by_url = by_url(&records);
    let left = &by_url[&*leaves.url];
    let (_, last) = left.last_key_value().unwrap();
    assert_eq!(*last, "skipped");
    assert_eq!(left.values().filter(|it| **it == "skipped").count(), 1);
    let word = records
        .iter()
        .find(|it| it["outcome"] == "skipped")
        .unwrap();
    assert_eq!(word["failure"]["reason"], "target_removed");
    assert_eq!(word["url"], leaves.url);
    let second = jiff::SignedDuration::from_secs(INTERVAL_SECONDS);
    for site in [&stays, &leaves, &comes] {
        let times: Vec<_> = by_url[&*site.url].keys().collect();
        let in_time = times.windows(2).all(|it| *it[1] == *it[0] + second);
        assert!(in_time, "{}: {times:?}", site.url);
    }
}

/// Kubernetes mounts a configuration so: the file is a link into a folder that is a link, and only
/// this one is changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_symlink_is_a_change() {
    let [first, second] = sites().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (version, site) in [("v1", &first), ("v2", &second)] {
        fs::create_dir(path(version)).unwrap();
        fs::write(path(version).join("urls.csv"), list(&[site])).unwrap();
    }
    symlink("v1", path("..data")).unwrap();
    symlink("..data/urls.csv", path("urls.csv")).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &path("urls.csv"));
    let monitor = Service::start("monitor", &[], &settings);
    await_visit(&first).await;
    symlink("v2", path("..data_new")).unwrap();
    fs::rename(path("..data_new"), path("..data")).unwrap();
    await_visit(&second).await;
    monitor.await_line(&["it left the targets"]).await;
}

/// Writes these one after the other, with a pause; whether it was as short as it should be.
async fn write_with_pauses(path: &Path, parts: [&str; 2]) -> bool {
    let mut file = File::create(path).unwrap();
    let began = Instant::now();
    file.write_all(parts[0].as_bytes()).unwrap();
    // The pause is what is tested.
    tokio::time::sleep(PAUSE_OF_A_WRITER).await;
    file.write_all(parts[1].as_bytes()).unwrap();
    began.elapsed() < PAUSE_MAX
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_in_two_halves_is_read_as_a_whole() {
    for _ in 0..TRIES_MAX {
        if is_read_as_a_whole().await {
            return;
        }
    }
    panic!("no pause was as short as it should be");
}

/// Fails where it is not; `false` where the pause was too long to tell.
async fn is_read_as_a_whole() -> bool {
    let [first, last, new] = sites().await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, list(&[&first, &last])).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets);
    let mut monitor = Service::start("monitor", &[], &settings);
    await_visit(&last).await;
    let whole = list(&[&first, &new, &last]);
    if !write_with_pauses(&targets, whole.split_at(whole.len() / 2).into()).await {
        return false;
    }
    await_visit(&new).await;
    assert_eq!(monitor.terminate().await, Some(0));
    let records = topic.read();
    by_url(&records);
    let urls: BTreeSet<_> = records
        .iter()
        .map(|it| it["url"].as_str().unwrap())
        .collect();
    assert_eq!(urls, [&first, &last, &new].map(|site| &*site.url).into());
    let log = monitor.log();
    assert!(log.iter().all(|line| !line.contains("it left")), "{log:?}");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_keeps_the_old_list_and_is_said_until_it_is_mended() {
    let [old, new] = sites().await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    fs::write(&targets, list(&[&old])).unwrap();
    let topic = Topic::create(1).await;
    let settings = ServiceSettings::monitor(&topic, &targets);
    let monitor = Service::start("monitor", &[], &settings);
    await_visit(&old).await;
    rename_over(&targets, "url\nno address\n");
    let said = monitor.await_line(&["going on with the 1 targets"]).await;
    assert!(said.contains("none of its 1 rows can be used"), "{said}");
    monitor.await_answer("/readyz", &["was refused: "]).await;
    let refused = ["monitor_targets_refused 1"];
    monitor.await_answer("/metrics", &refused).await;
    await_visit(&old).await;
    fs::remove_file(&targets).unwrap();
    monitor.await_line(&["cannot read the targets file"]).await;
    await_visit(&old).await;
    let mended = format!("{}no address\n", list(&[&old, &new]));
    fs::write(&targets, mended).unwrap();
    await_visit(&new).await;
    monitor.await_line(&["can be used again"]).await;
    monitor
        .await_line(&["urls.csv:4: ", "the row is skipped"])
        .await;
    let told = ["monitor_targets 2", "monitor_targets_refused 0"];
    monitor.await_answer("/metrics", &told).await;
    let answer = monitor.await_answer("/readyz", &["targets: 2, "]).await;
    assert!(!answer.contains("refused"), "{answer}");
}
