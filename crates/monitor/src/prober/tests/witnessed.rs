//! Many sites that fail together, and what witnesses say.

use messages::Witness;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::*;
use crate::prober::witnesses::{QUESTION_INTERVAL, WITNESS_TIMEOUT};

/// An address where nobody listens, as long as what comes with it lives: nobody else gets it.
async fn refusing() -> (String, impl Sized) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // The end of a connection of ours keeps the port from others.
    let keeps = TcpStream::connect(address).await.unwrap();
    let kept = listener.accept().await.unwrap();
    drop(listener);
    (format!("http://{address}/"), (keeps, kept))
}

fn witnessed_by(urls: &[&str]) -> ProberSettings {
    ProberSettings {
        witness_urls: urls.iter().map(|url| Url::parse(url).unwrap()).collect(),
        ..settings(100, 100)
    }
}

impl Stage {
    async fn check(&self, url: &str) {
        let due = Due {
            target: target(url),
            scheduled_at: now(),
            interval: INTERVAL,
            arrival: Arrival::CameDue,
        };
        self.due.send(due).await.unwrap();
    }

    async fn next(&mut self) -> CheckResult {
        self.results.recv().await.unwrap()
    }
}

fn witnesses(results: &[CheckResult]) -> Vec<Option<Witness>> {
    let doubts = results.iter().map(|result| result.self_doubt.witness);
    doubts.collect()
}

/// What the witnesses say of so many sites that refuse, one after the other.
async fn refused(sites: usize, witness_urls: &[&str], health: &Health) -> Vec<CheckResult> {
    let (refusing, _kept) = refusing().await;
    let mut stage = start_with(witnessed_by(witness_urls), health);
    let mut results = Vec::new();
    for site in 0..sites {
        stage.check(&format!("{refusing}{site}")).await;
        results.push(stage.next().await);
    }
    assert!(results.iter().all(|it| it.kind() == OutcomeKind::Down));
    results
}

#[tokio::test]
async fn where_no_witness_answers_either_our_own_network_is_out() {
    let (dead, _kept) = refusing().await;
    let health = Health::default();
    let results = refused(4, &[&dead, &dead], &health).await;
    let down = Some(Witness::Down);
    assert_eq!(witnesses(&results), [None, down, down, down]);
    let remarks = health.remarks();
    assert!(remarks[0].starts_with("network: degraded: "), "{remarks:?}");
}

#[tokio::test]
async fn where_a_witness_answers_it_is_the_sites() {
    let (dead, _kept) = refusing().await;
    let witness = Site::start().await;
    witness.answers.add_permits(10);
    let alive = format!("http://127.0.0.1:{}/", witness.port);
    let health = Health::default();
    let began = Instant::now();
    let results = refused(4, &[&dead, &alive], &health).await;
    let up = Some(Witness::Up);
    assert_eq!(witnesses(&results), [None, up, up, up]);
    assert!(health.remarks().is_empty());
    let intervals = began.elapsed().as_secs() / QUESTION_INTERVAL.as_secs();
    let asked = witness.asked.load(Ordering::SeqCst) as u64;
    assert!((1..=1 + intervals).contains(&asked), "once in a while");
}

#[tokio::test]
async fn without_witnesses_or_a_crowd_nobody_is_asked() {
    assert_eq!(
        witnesses(&refused(3, &[], &Health::default()).await),
        [None; 3]
    );

    let (dead, _kept) = refusing().await;
    let site = Site::start().await;
    site.answers.add_permits(100);
    let mut stage = start_with(witnessed_by(&[&dead]), &Health::default());
    for number in 0..7 {
        stage
            .check(&format!("http://127.0.0.1:{}/{number}", site.port))
            .await;
        stage.next().await;
    }
    for number in 0..3 {
        stage.check(&format!("{dead}{number}")).await;
        assert_eq!(stage.next().await.self_doubt.witness, None, "{number}");
    }
}

#[tokio::test]
async fn only_failed_checks_wait_for_a_witness_and_never_for_long() {
    let (dead, _kept) = refusing().await;
    let site = Site::start().await;
    site.answers.add_permits(2);
    // It takes the question, and has no permit to answer it.
    let hangs = Site::start().await;
    let hanging = format!("http://127.0.0.1:{}/", hangs.port);
    let mut stage = start_with(witnessed_by(&[&hanging]), &Health::default());
    stage.check(&format!("{dead}first")).await;
    stage.next().await;
    stage.check(&format!("{dead}second")).await;
    hangs.await_asked(1).await;
    stage
        .check(&format!("http://127.0.0.1:{}/", site.port))
        .await;
    let first = stage.next().await;
    assert_eq!(first.kind(), OutcomeKind::Up, "a healthy one goes on");
    let held = timeout(WITNESS_TIMEOUT * 10, stage.next()).await.unwrap();
    assert_eq!(held.self_doubt.witness, Some(Witness::Down));
}

#[tokio::test]
async fn results_of_one_site_keep_their_order_behind_one_that_waits() {
    let (dead, _kept) = refusing().await;
    let hangs = Site::start().await;
    let hanging = format!("http://127.0.0.1:{}/", hangs.port);
    let mut stage = start_with(witnessed_by(&[&hanging]), &Health::default());
    stage.check(&format!("{dead}first")).await;
    stage.next().await;
    stage.check(&format!("{dead}second")).await;
    hangs.await_asked(1).await;
    // Its last word, which waits for nothing by itself.
    let left = Due {
        target: target(&format!("{dead}second")),
        scheduled_at: now(),
        interval: INTERVAL,
        arrival: Arrival::Left,
    };
    stage.due.send(left).await.unwrap();
    let kinds: Vec<_> = stage.finish().await.iter().map(CheckResult::kind).collect();
    assert_eq!(kinds, [OutcomeKind::Down, OutcomeKind::Skipped]);
}

#[tokio::test]
async fn told_to_give_up_nobody_waits_for_a_witness() {
    let (dead, _kept) = refusing().await;
    let hangs = Site::start().await;
    let hanging = format!("http://127.0.0.1:{}/", hangs.port);
    let mut stage = start_with(witnessed_by(&[&hanging]), &Health::default());
    for path in ["first", "second"] {
        stage.check(&format!("{dead}{path}")).await;
    }
    stage.next().await;
    hangs.await_asked(1).await;
    stage.give_up();
    let results = stage.finish().await;
    // Whoever had waited for the witness would have been told that it is down.
    assert_eq!(witnesses(&results), [None]);
}
