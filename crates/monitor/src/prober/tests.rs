mod broken;
mod retries;
mod robots;
mod witnessed;

use std::sync::atomic::{AtomicUsize, Ordering};

use messages::{CheckResult, FailureReason, OutcomeKind};
use service::health::Health;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
};

use super::*;
use crate::{
    latest::LatestResults,
    probe::{Policy, ProbeSettings},
    testing::target,
};

/// Longer than any test takes.
const INTERVAL: Duration = Duration::from_mins(10);

/// A site that answers a request for each permit, and knows how many it had at once.
struct Site {
    port: u16,
    answers: Arc<Semaphore>,
    asked: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            port: listener.local_addr().unwrap().port(),
            answers: Arc::new(Semaphore::new(0)),
            asked: Arc::default(),
            at_once: Arc::default(),
        };
        let (answers, asked, at_once) = (
            Arc::clone(&site.answers),
            Arc::clone(&site.asked),
            Arc::clone(&site.at_once),
        );
        let open = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answers, open) = (Arc::clone(&answers), Arc::clone(&open));
                asked.fetch_add(1, Ordering::SeqCst);
                let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                at_once.fetch_max(now, Ordering::SeqCst);
                tokio::spawn(async move {
                    stream.read_u8().await.ok();
                    answers.acquire().await.unwrap().forget();
                    open.fetch_sub(1, Ordering::SeqCst);
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .await
                });
            }
        });
        site
    }

    /// A check of its own host that came due now.
    fn due(&self, path: &str) -> Due {
        let url = format!("http://127.0.0.1:{}/{path}", self.port);
        Due {
            target: target(&url),
            scheduled_at: now(),
            interval: INTERVAL,
            arrival: Arrival::CameDue,
        }
    }

    async fn await_asked(&self, times: usize) {
        while self.asked.load(Ordering::SeqCst) < times {
            tokio::task::yield_now().await;
        }
    }
}

struct Stage {
    due: mpsc::Sender<Due>,
    results: mpsc::Receiver<CheckResult>,
    draining: Draining,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

fn settings(probes_max: usize, probes_per_host_max: usize) -> ProberSettings {
    let second = Duration::from_secs(1);
    ProberSettings {
        probes_max,
        probes_per_host_max,
        witness_urls: Vec::new(),
        obeys_robots: false,
        probe: ProbeSettings {
            dns_timeout: second * 5,
            connect_timeout: second * 5,
            total_timeout: second * 60,
            redirects_max: None,
            body_bytes_max: 1000,
            extra_authorities: Vec::new(),
            policy: Policy::default(),
            proxy: None,
            notes: None,
        },
    }
}

fn start(probes_max: usize, probes_per_host_max: usize) -> Stage {
    start_with(
        settings(probes_max, probes_per_host_max),
        &Health::default(),
    )
}

fn start_with(settings: ProberSettings, health: &Health) -> Stage {
    let (due, due_receiver) = mpsc::channel(64);
    let draining = Draining::default();
    let (checker, results) = checker(settings, health, draining.clone());
    Stage {
        due,
        results,
        draining,
        running: tokio::spawn(checker.run(due_receiver)),
    }
}

fn checker(
    settings: ProberSettings,
    health: &Health,
    draining: Draining,
) -> (Checker, mpsc::Receiver<CheckResult>) {
    let (result_sender, results) = mpsc::channel(64);
    let listeners = Listeners {
        results: result_sender,
        latest: LatestResults::default(),
        network: health.remark("network"),
    };
    let checker = Checker::new(settings, "here".into(), listeners, draining).unwrap();
    (checker, results)
}

impl Stage {
    /// The time to drain is over.
    fn give_up(&self) {
        self.draining.beginning_over.cancel();
        self.draining.over.cancel();
    }

    /// The schedule ends; what results still come?
    async fn finish(mut self) -> Vec<CheckResult> {
        drop(self.due);
        let mut results = Vec::new();
        while let Some(result) = self.results.recv().await {
            results.push(result);
        }
        self.running.await.unwrap().unwrap();
        results
    }
}

fn detail(result: &CheckResult) -> &str {
    let failure = result.failure().unwrap();
    assert_eq!(failure.reason, FailureReason::ProberFailed);
    failure.detail.as_deref().unwrap()
}

#[tokio::test]
async fn a_check_becomes_a_result_that_says_what_was_checked() {
    let (site, mut stage) = (Site::start().await, start(10, 10));
    site.answers.add_permits(1);
    let due = site.due("a");
    stage.due.send(due.clone()).await.unwrap();
    let result = stage.results.recv().await.unwrap();
    assert_eq!(result.check.url, due.target.url);
    assert_eq!(result.check.scheduled_at, due.scheduled_at);
    assert_eq!(result.check.location, "here");
    assert_eq!(
        (result.kind(), result.self_doubt.in_flight),
        (OutcomeKind::Up, 1)
    );
    assert!(stage.finish().await.is_empty());
}

#[tokio::test]
async fn neither_bound_is_exceeded_and_every_check_has_its_result() {
    let (site, stage) = (Site::start().await, start(3, 2));
    for path in 0..8 {
        stage.due.send(site.due(&path.to_string())).await.unwrap();
    }
    site.await_asked(2).await;
    site.answers.add_permits(8);
    let results = stage.finish().await;
    assert_eq!(results.len(), 8);
    assert!(
        results
            .iter()
            .all(|result| result.kind() == OutcomeKind::Up)
    );
    assert!(site.at_once.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_check_that_comes_due_while_its_last_one_runs_waits_and_is_late_not_overloaded() {
    let (site, mut stage) = (Site::start().await, start(10, 10));
    let first = site.due("a");
    let mut second = first.clone();
    second.scheduled_at = first.scheduled_at + Duration::from_millis(3);
    stage.due.send(first.clone()).await.unwrap();
    site.await_asked(1).await;
    stage.due.send(second.clone()).await.unwrap();
    site.answers.add_permits(1);
    assert_eq!(
        stage.results.recv().await.unwrap().check.scheduled_at,
        first.scheduled_at
    );
    site.await_asked(2).await;
    site.answers.add_permits(1);
    let result = stage.results.recv().await.unwrap();
    assert_eq!(result.kind(), OutcomeKind::Up);
    assert_eq!(result.check.scheduled_at, second.scheduled_at);
    assert!(!result.self_doubt.overloaded);
    assert!(stage.finish().await.is_empty());
}

/// Nothing else happens meanwhile, so nothing but the queue's own timer can end the wait.
#[tokio::test]
async fn a_check_that_cannot_begin_within_its_interval_is_missed_when_that_is_over() {
    let (site, mut stage) = (Site::start().await, start(1, 1));
    let runs = site.due("runs");
    stage.due.send(runs.clone()).await.unwrap();
    site.await_asked(1).await;
    let short = |due: Due| Due {
        scheduled_at: now(),
        interval: Duration::from_millis(300),
        ..due
    };
    let (again, waits) = (short(runs.clone()), short(site.due("waits")));
    for due in [&again, &waits] {
        stage.due.send(due.clone()).await.unwrap();
    }
    let mut missed = Vec::new();
    for _ in 0..2 {
        missed.push(stage.results.recv().await.unwrap());
    }
    missed.sort_by_key(|result| result.self_doubt.overloaded);
    assert_eq!(missed[0].check.scheduled_at, again.scheduled_at);
    assert!(detail(&missed[0]).contains("still ran"));
    assert!(
        !missed[0].self_doubt.overloaded,
        "its own target kept it busy"
    );
    assert_eq!(missed[1].check.url, waits.target.url);
    assert!(detail(&missed[1]).contains("PROBES_MAX") && missed[1].self_doubt.overloaded);
    site.answers.add_permits(1);
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].check.scheduled_at, runs.scheduled_at);
}

#[tokio::test]
async fn a_slot_that_the_clock_jumped_over_is_missed() {
    let (site, stage) = (Site::start().await, start(1, 1));
    let mut due = site.due("a");
    due.arrival = Arrival::JumpedOver;
    stage.due.send(due).await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert!(detail(&results[0]).contains("clock jumped"));
}

#[tokio::test]
async fn a_target_that_left_is_skipped_also_at_the_end_of_the_drain() {
    let (site, stage) = (Site::start().await, start(1, 1));
    stage.give_up();
    let mut due = site.due("a");
    due.arrival = Arrival::Left;
    stage.due.send(due.clone()).await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Skipped);
    assert_eq!(results[0].check.scheduled_at, due.scheduled_at);
    let failure = results[0].failure().unwrap();
    assert_eq!(failure.reason, FailureReason::TargetRemoved);
    assert!(!results[0].self_doubt.overloaded);
}

#[tokio::test]
async fn at_the_end_of_the_drain_what_runs_and_what_waits_is_missed() {
    let (site, stage) = (Site::start().await, start(1, 1));
    for path in ["running", "waiting"] {
        stage.due.send(site.due(path)).await.unwrap();
    }
    site.await_asked(1).await;
    stage.give_up();
    let results = stage.finish().await;
    assert_eq!(results.len(), 2);
    for result in &results {
        assert_eq!(result.kind(), OutcomeKind::Missed);
        assert!(detail(result).contains("stopped before"));
    }
    let begun = results.iter().filter(|result| result.probe().is_some());
    assert_eq!(
        begun.count(),
        1,
        "what is known of the one that ran is kept"
    );
}

#[tokio::test]
async fn what_waits_for_its_turn_is_missed_before_what_runs_is_given_up() {
    let (site, mut stage) = (Site::start().await, start(1, 1));
    for path in ["running", "waiting"] {
        stage.due.send(site.due(path)).await.unwrap();
    }
    site.await_asked(1).await;
    stage.draining.beginning_over.cancel();
    let waited = stage.results.recv().await.unwrap();
    assert_eq!(waited.kind(), OutcomeKind::Missed);
    assert!(waited.check.url.ends_with("waiting") && waited.probe().is_none());
    site.answers.add_permits(1);
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Up);
}

#[tokio::test]
async fn what_nobody_takes_any_more_is_counted() {
    let (site, stage) = (Site::start().await, start(1, 1));
    for path in ["running", "waiting", "waiting_too"] {
        stage.due.send(site.due(path)).await.unwrap();
    }
    site.await_asked(1).await;
    stage.give_up();
    drop(stage.results);
    let error = stage.running.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "3 checks have no result");
}

#[tokio::test]
async fn a_monitor_that_gives_up_ends_even_with_nothing_under_way() {
    let (site, stage) = (Site::start().await, start(1, 1));
    stage.give_up();
    stage.due.send(site.due("a")).await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Missed);
}

#[tokio::test]
async fn a_check_that_begins_late_doubts_itself_unless_it_was_due_before_the_start() {
    let (site, mut stage) = (Site::start().await, start(2, 2));
    site.answers.add_permits(2);
    let long_ago = now() - Duration::from_secs(30);
    let (mut late, mut under_way) = (site.due("late"), site.due("under_way"));
    (late.scheduled_at, under_way.scheduled_at) = (long_ago, long_ago);
    under_way.arrival = Arrival::UnderWay;
    for due in [late.clone(), under_way] {
        stage.due.send(due).await.unwrap();
    }
    for _ in 0..2 {
        let result = stage.results.recv().await.unwrap();
        assert!(result.schedule_lag().unwrap() >= Duration::from_secs(30));
        assert_eq!(
            result.self_doubt.overloaded,
            result.check.url == late.target.url
        );
    }
}

#[tokio::test]
async fn a_slot_that_was_over_before_its_target_s_turn_is_no_want_of_room() {
    let (site, mut stage) = (Site::start().await, start(2, 2));
    let (mut late, mut under_way) = (site.due("late"), site.due("under_way"));
    let before = now() - INTERVAL * 2;
    (late.scheduled_at, under_way.scheduled_at) = (before, before);
    under_way.arrival = Arrival::UnderWay;
    for (due, overloaded, word) in [(late, true, "PROBES_MAX"), (under_way, false, "taken up")] {
        stage.due.send(due).await.unwrap();
        let result = stage.results.recv().await.unwrap();
        assert_eq!(result.kind(), OutcomeKind::Missed);
        assert_eq!(result.self_doubt.overloaded, overloaded);
        let detail = result.failure().unwrap().detail.as_deref().unwrap();
        assert!(detail.contains(word), "{detail}");
    }
}
