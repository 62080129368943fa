//! The finder, with books that say what they are told to.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use service::health::Health;

use super::*;

/// Books that answer as they are told, and keep what was entered.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<Start, Setback>>>,
    entered: Mutex<Vec<Start>>,
    refreshes: AtomicU32,
}

impl Script {
    fn add(&self, answer: Result<Start, Setback>) {
        self.answers.lock().unwrap().push_back(answer);
    }
}

impl Books for Script {
    async fn look_up(&self, _partition: i32) -> Result<Start, Setback> {
        let next = self.answers.lock().unwrap().pop_front();
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn enter(&self, _partition: i32, start: Start) -> Result<(), Setback> {
        self.entered.lock().unwrap().push(start);
        Ok(())
    }

    async fn refresh(&self) {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
    }

    async fn stored(&self) -> Option<BTreeMap<i32, i64>> {
        None
    }
}

fn finder(answers: impl IntoIterator<Item = Result<Start, Setback>>) -> (Finder<Script>, Health) {
    let health = Health::default();
    let books = Script {
        answers: Mutex::new(answers.into_iter().collect()),
        ..Script::default()
    };
    let troubles = Troubles::new(health.condition("PostgreSQL"));
    (Finder::new(books, troubles), health)
}

async fn find(finder: &Finder<Script>) -> Option<i64> {
    finder.search.find(0, &CancellationToken::new()).await
}

fn entered(finder: &Finder<Script>) -> Vec<Start> {
    finder.search.books.entered.lock().unwrap().clone()
}

#[tokio::test]
async fn what_is_entered_is_looked_up_again() {
    // Another consumer was faster, and has stored more.
    let (finder, _) = finder([Ok(Start::Begin(5)), Ok(Start::Resume(9))]);
    assert_eq!(find(&finder).await, Some(9));
    assert_eq!(entered(&finder), [Start::Begin(5)]);
}

#[tokio::test]
async fn a_topic_is_called_new_only_when_it_still_looks_so_after_a_while() {
    let anew = Start::BeginAnew { from: 9, at: 0 };
    let (finder, _) = finder([Ok(anew), Ok(Start::Resume(9))]);
    assert_eq!(find(&finder).await, Some(9));
    assert_eq!(entered(&finder), [], "its end was not known yet");
    let (finder, _) = self::finder([Ok(anew), Ok(anew), Ok(Start::Resume(0))]);
    assert_eq!(find(&finder).await, Some(0));
    assert_eq!(entered(&finder), [anew]);
}

#[tokio::test]
async fn a_setback_of_the_database_is_said_until_it_is_over() {
    let (finder, health) = finder([Err(Setback::Database {
        story: "no table".into(),
        is_stale: true,
    })]);
    let epoch = CancellationToken::new();
    let said = async {
        while health.problems() != ["PostgreSQL: no table; retrying"] {
            tokio::task::yield_now().await;
        }
        finder.search.books.add(Ok(Start::Resume(3)));
    };
    let (found, ()) = tokio::join!(finder.search.find(0, &epoch), said);
    assert_eq!(found, Some(3));
    assert!(health.problems().is_empty());
    let refreshes = finder.search.books.refreshes.load(Ordering::Relaxed);
    assert_eq!(refreshes, 1);
}

#[tokio::test]
async fn a_setback_of_kafka_is_no_trouble_of_the_database() {
    let (finder, health) = finder([
        Err(Setback::Kafka("no broker".into())),
        Ok(Start::Resume(3)),
    ]);
    assert_eq!(find(&finder).await, Some(3));
    assert!(health.problems().is_empty());
}

#[tokio::test]
async fn the_end_of_the_epoch_ends_the_search() {
    let (finder, _) = finder([]);
    let epoch = CancellationToken::new();
    let searching = finder.search.find(0, &epoch);
    let (found, ()) = tokio::join!(searching, async { epoch.cancel() });
    assert_eq!(found, None);
}

#[tokio::test]
async fn a_lane_gets_what_was_found_for_it() {
    let (finder, _) = finder([Ok(Start::Resume(7))]);
    let mut lane = finder.begin(0);
    while lane.found() != Some(7) {
        tokio::task::yield_now().await;
    }
}
