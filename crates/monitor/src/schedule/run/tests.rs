use service::health::Health;

use super::*;
use crate::testing::target;

#[tokio::test]
async fn a_stop_ends_the_schedule_and_closes_the_way_to_the_prober() {
    let (_lists, list) = watch::channel(entries(&["https://a.example", "https://b.example"]));
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(list, sender, clock(), stop.clone()));
    assert!(due.recv().await.is_some());
    stop.cancel();
    running.await.unwrap();
    while due.recv().await.is_some() {}
}

#[tokio::test]
async fn a_new_list_is_taken_up_while_it_runs() {
    let (lists, list) = watch::channel(entries(&["https://a.example"]));
    let (sender, mut due) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let running = tokio::spawn(run(list, sender, clock(), stop.clone()));
    assert_eq!(due.recv().await.unwrap().target.url, "https://a.example");
    lists.send(entries(&["https://b.example"])).unwrap();
    assert_eq!(due.recv().await.unwrap().target.url, "https://b.example");
    drop(lists);
    stop.cancel();
    running.await.unwrap();
}

/// Checked too rarely to come due again while a test runs.
fn entries(urls: &[&str]) -> Vec<Entry> {
    let targets: Vec<_> = urls.iter().map(|url| target(url)).collect();
    Entry::every(Duration::from_hours(24), &targets)
}

fn clock() -> Condition {
    Health::default().condition("clock")
}
