use service::health::Health;

use super::*;
use crate::{schedule::Arrival, testing::target};

/// Checked too rarely to come due again while a test runs.
const INTERVAL: Duration = Duration::from_hours(24);

fn feed(urls: &[&str]) -> (mpsc::Sender<Vec<Change>>, Feed) {
    let (sender, changes) = mpsc::channel(1);
    let feed = Feed {
        since: now(),
        targets: urls.iter().map(|url| target(url)).collect(),
        changes,
        interval: INTERVAL,
    };
    (sender, feed)
}

fn clock() -> Condition {
    Health::default().given("clock")
}

#[tokio::test]
async fn a_stop_ends_the_schedule_and_closes_the_way_to_the_prober() {
    let (_changes, feed) = feed(&["https://a.example", "https://b.example"]);
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(feed, sender, clock(), stop.clone()));
    assert!(due.recv().await.is_some());
    stop.cancel();
    running.await.unwrap();
    while due.recv().await.is_some() {}
}

#[tokio::test]
async fn changes_are_taken_up_while_it_runs_and_a_stop_leaves_no_last_word_unsaid() {
    let (changes, feed) = feed(&["https://a.example"]);
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(feed, sender, clock(), stop.clone()));
    let first = due.recv().await.unwrap();
    assert_eq!(first.target.url, "https://a.example");
    let change = vec![
        Change::Remove(first.target),
        Change::Put(target("https://b.example")),
    ];
    changes.send(change).await.unwrap();
    assert_eq!(due.recv().await.unwrap().target.url, "https://b.example");
    drop(changes);
    stop.cancel();
    let last = due.recv().await.unwrap();
    assert_eq!(last.target.url, "https://a.example");
    assert_eq!(last.arrival, Arrival::Left);
    running.await.unwrap();
}
