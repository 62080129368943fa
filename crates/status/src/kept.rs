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
    /// What came when it was asked last. Held while it is asked, so that whoever wants the same waits for it.
    last: Mutex<Option<Last<A>>>,
}

/// What came, and when.
#[derive(Debug)]
struct Last<A> {
    at: Instant,
    found: Found<A>,
}

#[derive(Debug)]
enum Found<A> {
    Answer(Arc<A>),
    Failure {
        error: Arc<DatabaseError>,
        /// The last answer that came before, and when.
        before: Option<(Instant, Arc<A>)>,
    },
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
        if let Some(last) = &*last
            && last.at.elapsed() < self.fresh
        {
            return last.known(self.shown_max);
        }
        let came = ask().await;
        let before = last.take().and_then(Last::answer);
        last.insert(Last::of(came, before)).known(self.shown_max)
    }

    fn asked(&self, question: &Q) -> Arc<Asked<Q, A>> {
        let questions = self.questions.lock();
        let mut questions = questions.unwrap_or_else(PoisonError::into_inner);
        let found = questions.iter().position(|it| it.question == *question);
        let asked = found.map_or_else(
            || {
                Arc::new(Asked {
                    question: question.clone(),
                    last: Mutex::new(None),
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

impl<A> Last<A> {
    /// What came just now, after that answer.
    fn of(came: Result<A, DatabaseError>, before: Option<(Instant, Arc<A>)>) -> Self {
        let found = match came {
            Ok(answer) => Found::Answer(Arc::new(answer)),
            Err(error) => Found::Failure {
                error: Arc::new(error),
                before,
            },
        };
        let at = Instant::now();
        Self { at, found }
    }

    /// The last answer that came, and when.
    fn answer(self) -> Option<(Instant, Arc<A>)> {
        match self.found {
            Found::Answer(answer) => Some((self.at, answer)),
            Found::Failure { before, .. } => before,
        }
    }

    /// What is shown of it: of a database that is slow, for so long the answer before.
    fn known(&self, shown_max: Duration) -> Result<Known<A>, Arc<DatabaseError>> {
        let (answer, failure) = match &self.found {
            Found::Answer(answer) => (answer, None),
            Found::Failure {
                error,
                before: Some((at, answer)),
            } if error.is_slow() && at.elapsed() < shown_max => (answer, Some(Arc::clone(error))),
            Found::Failure { error, .. } => return Err(Arc::clone(error)),
        };
        Ok(Known {
            answer: Arc::clone(answer),
            failure,
        })
    }
}

#[cfg(test)]
mod tests;
