//! Answers that are kept for a moment, so that a hundred readers cost the database as much as one; and for a
//! while longer where the database is slow, so that people see what was known.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use database::DatabaseError;
use tokio::{sync::Mutex, time::Instant};

/// How long an answer is as good as a new one, and a failure is not tried again.
const FRESH: Duration = Duration::from_secs(1);
/// How long an answer is shown, marked, when no new one comes in time.
const SHOWN_MAX: Duration = Duration::from_mins(1);
/// Questions whose answers are kept: each is of other words in the address.
const QUESTIONS_MAX: usize = 16;

/// Questions of one kind with their last answers.
#[derive(Debug)]
pub(crate) struct Kept<Q, A> {
    fresh: Duration,
    shown_max: Duration,
    /// The one that was asked last stands last.
    questions: std::sync::Mutex<Vec<Arc<Asked<Q, A>>>>,
}

#[derive(Debug)]
struct Asked<Q, A> {
    question: Q,
    /// Held while it is asked, so that whoever wants the same waits for it.
    last: Mutex<Last<A>>,
}

/// What came when it was asked last.
#[derive(Debug)]
struct Last<A> {
    asked_at: Option<Instant>,
    failure: Option<Arc<DatabaseError>>,
    /// The last answer that came, and when.
    answer: Option<(Instant, Arc<A>)>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Known<A> {
    pub(crate) answer: Arc<A>,
    /// Why it is not a new one, where it is not.
    pub(crate) failure: Option<Arc<DatabaseError>>,
}

impl<Q: Clone + PartialEq, A> Kept<Q, A> {
    /// Nothing is asked yet.
    pub(crate) const fn new() -> Self {
        Self {
            fresh: FRESH,
            shown_max: SHOWN_MAX,
            questions: std::sync::Mutex::new(Vec::new()),
        }
    }

    /// The answer to a question: the kept one, or a new one as `ask` gets it.
    pub(crate) async fn answer(
        &self,
        question: &Q,
        ask: impl AsyncFnOnce() -> Result<A, DatabaseError>,
    ) -> Result<Known<A>, Arc<DatabaseError>> {
        let asked = self.asked(question);
        let mut last = asked.last.lock().await;
        if last.asked_at.is_none_or(|at| at.elapsed() >= self.fresh) {
            match ask().await {
                Ok(answer) => {
                    last.answer = Some((Instant::now(), Arc::new(answer)));
                    last.failure = None;
                }
                Err(error) => last.failure = Some(Arc::new(error)),
            }
            last.asked_at = Some(Instant::now());
        }
        let failure = last.failure.clone();
        match (failure, &last.answer) {
            (Some(error), Some((at, _))) if !error.is_slow() || at.elapsed() >= self.shown_max => {
                Err(error)
            }
            (failure, Some((_, answer))) => Ok(Known {
                answer: Arc::clone(answer),
                failure,
            }),
            (Some(error), None) => Err(error),
            (None, None) => Err(Arc::new(DatabaseError::Stale("nothing was asked"))),
        }
    }

    fn asked(&self, question: &Q) -> Arc<Asked<Q, A>> {
        let questions = self.questions.lock();
        let mut questions = questions.unwrap_or_else(PoisonError::into_inner);
        let found = questions.iter().position(|it| it.question == *question);
        let asked = found.map_or_else(
            || {
                Arc::new(Asked {
                    question: question.clone(),
                    last: Mutex::new(Last {
                        asked_at: None,
                        failure: None,
                        answer: None,
                    }),
                })
            },
            |place| questions.remove(place),
        );
        if questions.len() >= QUESTIONS_MAX {
            questions.remove(0);
        }
        questions.push(Arc::clone(&asked));
        asked
    }
}

#[cfg(test)]
mod tests;
