//! Reading a file again.

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::targets::{Change, Reloader, known::Known};

fn parse(text: &str, before: &Known) -> (Targets, Known) {
    Targets::parse_again(text.as_bytes(), Format::Csv, before).unwrap()
}

#[test]
fn a_row_that_says_the_same_is_the_same_target_wherever_it_stands() {
    let (old, known) = parse(
        "url,regexp\nhttp://a.test/,x\nhttp://b.test/,y\n",
        &Known::default(),
    );
    let (new, _) = parse(
        "url,regexp\nhttp://c.test/,\n\nhttp://b.test/,z\n  http://a.test/,x\n",
        &known,
    );
    assert!(Arc::ptr_eq(&new.usable[2], &old.usable[0]));
    assert_eq!(new.usable[1], old.usable[1]);
    assert_eq!(new.usable[1].regexp(), "z");
}

#[test]
fn a_url_that_stands_twice_is_bad_the_second_time_also_when_it_is_known() {
    let (_, known) = parse("url\nhttp://a.test/\n", &Known::default());
    let (targets, _) = parse("url\nhttp://a.test/\nhttp://a.test/\n", &known);
    assert_eq!(targets.usable.len(), 1);
    assert_eq!(targets.bad_rows[0].line, 3);
}

/// A monitor's file, and what the monitor makes of it.
struct Reloading {
    folder: tempfile::TempDir,
    orders: tokio::sync::mpsc::Sender<()>,
    changes: tokio::sync::mpsc::Receiver<Vec<Change>>,
    health: service::health::Health,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Reloading {
    fn start(rows: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("urls.csv");
        fs::write(&file, format!("url\n{rows}")).unwrap();
        let settings = TargetsSettings {
            file,
            format: Format::Csv,
            interval: Duration::from_mins(1),
            location: "here".into(),
            variables: service::settings::Variables::default(),
        };
        let reloader = Reloader::start(&settings).unwrap();
        let (orders, order_receiver) = tokio::sync::mpsc::channel(1);
        let (sender, changes) = tokio::sync::mpsc::channel(1);
        let (health, stop) = (service::health::Health::default(), CancellationToken::new());
        let remark = health.remark("targets");
        let running = reloader.run(order_receiver, sender, remark, stop.clone());
        Self {
            folder,
            orders,
            changes,
            health,
            stop,
            running: tokio::spawn(running),
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("urls.csv")
    }

    /// The next changes, in the file's order: `+` and `-` with the url.
    async fn changed(&mut self) -> Vec<String> {
        let changes = self.changes.recv().await.unwrap();
        let shown = changes.iter().map(|change| match change {
            Change::Put(target) => format!("+{}", target.url),
            Change::Remove(target) => format!("-{}", target.url),
            Change::TakeOver(..) | Change::HandOver(_) => "a file gives nothing away".into(),
        });
        shown.collect()
    }

    async fn await_remark(&self, part: &str) {
        while !self.health.remarks().concat().contains(part) {
            tokio::task::yield_now().await;
        }
    }
}

fn write_beside(file: &Path, rows: &str) -> std::path::PathBuf {
    let beside = file.with_extension("new");
    fs::write(&beside, format!("url\n{rows}")).unwrap();
    beside
}

#[tokio::test]
async fn an_order_and_a_change_have_the_file_read_again() {
    let mut monitor = Reloading::start("http://a.test/\nhttp://b.test/\n");
    let beside = write_beside(&monitor.file(), "http://b.test/\nhttp://c.test/\n");
    fs::rename(beside, monitor.file()).unwrap();
    monitor.orders.send(()).await.unwrap();
    assert_eq!(
        monitor.changed().await,
        ["-http://a.test/", "+http://c.test/"]
    );
    fs::write(monitor.file(), "url\nhttp://c.test/\n").unwrap();
    assert_eq!(monitor.changed().await, ["-http://b.test/"]);
    monitor.stop.cancel();
    monitor.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_file_without_a_usable_row_keeps_the_list_and_says_why_until_it_is_mended() {
    let mut monitor = Reloading::start("http://a.test/\n");
    fs::write(monitor.file(), "url\nnothing\n").unwrap();
    monitor.orders.send(()).await.unwrap();
    monitor.await_remark("none of its 1 rows can be used").await;
    fs::remove_file(monitor.file()).unwrap();
    monitor.orders.send(()).await.unwrap();
    monitor.await_remark("cannot read the targets file").await;
    fs::write(monitor.file(), "url\nhttp://a.test/\nhttp://b.test/\n").unwrap();
    assert_eq!(monitor.changed().await, ["+http://b.test/"]);
    while monitor.health.remarks().concat().contains("refused") {
        tokio::task::yield_now().await;
    }
    assert!(monitor.health.remarks()[0].starts_with("targets: 2, "));
}
