use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tokio::{sync::Notify, task::yield_now};

use super::*;

const LONG: Duration = Duration::from_hours(1);
const SLOW: DatabaseError = DatabaseError::Timeout(Duration::from_secs(8));
const WRONG: DatabaseError = DatabaseError::Stale("wrong");

/// Questions that are numbers, and how often one was really asked.
struct Desk {
    kept: Kept<u32, u32>,
    asked: AtomicU32,
}

impl Desk {
    fn new(fresh: Duration, shown_max: Duration) -> Self {
        let kept = Kept {
            fresh,
            shown_max,
            ..Kept::new()
        };
        let asked = AtomicU32::new(0);
        Self { kept, asked }
    }

    /// What comes for a question whose answer would be this, and whether it is an old one.
    async fn ask(
        &self,
        question: u32,
        answer: Result<u32, DatabaseError>,
    ) -> Result<(u32, bool), Arc<DatabaseError>> {
        let ask = async || {
            self.asked.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            answer
        };
        let known = self.kept.answer(&question, ask).await?;
        Ok((*known.answer, known.failure.is_some()))
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn a_hundred_readers_cost_as_much_as_one() {
    let desk = Desk::new(LONG, LONG);
    for answer in join_all((0..100).map(|_| desk.ask(1, Ok(7)))).await {
        assert_eq!(answer.unwrap(), (7, false));
    }
    assert_eq!(desk.asked(), 1);
    let desk = Desk::new(Duration::ZERO, LONG);
    for answer in [7, 8] {
        assert_eq!(desk.ask(1, Ok(answer)).await.unwrap(), (answer, false));
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_for_it() {
    let desk = Desk::new(LONG, LONG);
    for answer in join_all((0..100).map(|_| desk.ask(1, Err(SLOW)))).await {
        answer.unwrap_err();
    }
    assert_eq!(desk.asked(), 1);
}

#[tokio::test]
async fn what_was_known_is_shown_for_a_while_where_the_database_is_slow() {
    let desk = Desk::new(Duration::ZERO, LONG);
    desk.ask(1, Ok(7)).await.unwrap();
    assert_eq!(desk.ask(1, Err(SLOW)).await.unwrap(), (7, true));
    // Where it is away or wrong, it is not: nothing is told as if it still were so.
    desk.ask(1, Err(WRONG)).await.unwrap_err();
    assert_eq!(desk.ask(1, Ok(8)).await.unwrap(), (8, false));
    let desk = Desk::new(Duration::ZERO, Duration::ZERO);
    desk.ask(1, Ok(7)).await.unwrap();
    desk.ask(1, Err(SLOW)).await.unwrap_err();
}

#[tokio::test]
async fn other_questions_do_not_wait_for_a_slow_one() {
    let desk = Desk::new(LONG, LONG);
    let is_answered = Notify::new();
    let slow = desk.kept.answer(&1, async || {
        is_answered.notified().await;
        Ok(7)
    });
    let other = async {
        desk.ask(2, Ok(8)).await.unwrap();
        is_answered.notify_one();
    };
    let (slow, ()) = tokio::join!(slow, other);
    assert_eq!(*slow.unwrap().answer, 7);
}

#[tokio::test]
async fn few_questions_are_kept() {
    let desk = Desk::new(LONG, LONG);
    let last = u32::try_from(QUESTIONS_MAX).unwrap();
    for question in 0..=last {
        desk.ask(question, Ok(question)).await.unwrap();
    }
    assert_eq!(desk.kept.questions.lock().unwrap().len(), QUESTIONS_MAX);
    assert_eq!(desk.ask(last, Ok(99)).await.unwrap().0, last);
    assert_eq!(desk.ask(0, Ok(99)).await.unwrap().0, 99, "it is gone");
}
