//! The supervisor of a service's parts: starts, watches and drains them.
//!
//! *Stages* are what the data flows through. The order to stop reaches the first one only; each of
//! the others ends because its input closed, so nothing that was begun is lost. *Background* parts
//! serve the stages (HTTP, metrics, looking after the database) and end once these are through.
//!
//! A part that ends before its time, or fails, or breaks, stops the whole service, which then drains
//! like by a signal and fails: what supervises the process starts it again. Nothing goes on half
//! alive.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info, warn};

use crate::command_line::Said;

/// How long background parts may take to end, which only have to notice that they should.
const BACKGROUND_TIMEOUT: Duration = Duration::from_millis(200);

/// How long what was begun may take, once the service is told to stop.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// Until the stages give up what is unfinished: see [`Stages::deadline`].
    pub timeout: Duration,
    /// From there until the stages, which may still have to say what they gave up, are given up
    /// themselves.
    pub grace: Duration,
}

/// The parts of a service, each a task of its own.
#[derive(Debug)]
pub struct Stages {
    stop: CancellationToken,
    drain: Drain,
    flow: Parts,
    background: Parts,
    background_stop: CancellationToken,
    deadlines: Vec<AbortOnDropHandle<()>>,
}

impl Stages {
    /// No parts yet. `stop` is the order to stop; it is given here, too, when a part fails.
    pub fn new(stop: CancellationToken, drain: Drain) -> Self {
        Self {
            stop,
            drain,
            flow: Parts::default(),
            background: Parts::default(),
            background_stop: CancellationToken::new(),
            deadlines: Vec::new(),
        }
    }

    /// The order to stop, for the first stage.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Cancelled when this share of the time to drain is over: the stage that has it gives up what
    /// it has not finished, and ends with an error that says how much that was.
    pub fn deadline(&mut self, share: f64) -> CancellationToken {
        let (stop, deadline) = (self.stop.clone(), CancellationToken::new());
        let token = deadline.clone();
        let after = self.drain.timeout.mul_f64(share);
        self.deadlines
            .push(AbortOnDropHandle::new(tokio::spawn(async move {
                stop.cancelled().await;
                sleep(after).await;
                token.cancel();
            })));
        deadline
    }

    /// Starts a stage. It may end once the order to stop was given.
    pub fn stage(
        &mut self,
        name: impl Into<String>,
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        self.flow.spawn(name.into(), work);
    }

    /// Starts a background part. It ends when its token is cancelled, which is after the stages.
    pub fn background<F>(
        &mut self,
        name: impl Into<String>,
        work: impl FnOnce(CancellationToken) -> F,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let work = work(self.background_stop.clone());
        self.background.spawn(name.into(), work);
    }

    /// Waits until every stage has ended. The error is the first failure: the cause of the others. A
    /// stage that only ended before its time counts less: another's failure may have closed its input.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let failure = self.watch().await;
        self.background_stop.cancel();
        // Last words: a summary of what was done belongs before the end.
        if timeout(BACKGROUND_TIMEOUT, self.background.all_ended())
            .await
            .is_err()
        {
            warn!("Left behind: {}", self.background.names());
        }
        if let Some(failure) = failure {
            return Err(failure.error());
        }
        info!("Drained");
        Ok(())
    }

    async fn watch(&mut self) -> Option<Failure> {
        let mut outcome = None;
        let give_up = AbortOnDropHandle::new(tokio::spawn(after_drain(
            self.stop.clone(),
            self.drain.timeout + self.drain.grace,
        )));
        tokio::pin!(give_up);
        loop {
            let ended = tokio::select! {
                ended = self.flow.next_ended() => match ended {
                    Some(ended) => ended,
                    None => return outcome,
                },
                Some(ended) = self.background.next_ended() => ended,
                waited = &mut give_up => {
                    let waited = waited.unwrap_or_default().as_secs_f64();
                    let late = self.flow.names();
                    let failure = anyhow!("gave up draining after {waited:.1} s: unfinished are {late}");
                    return Some(self.failed(outcome, Failure::Error(failure)));
                }
            };
            if let Some(failure) = ended.failure(self.stop.is_cancelled()) {
                outcome = Some(self.failed(outcome, failure));
            }
        }
    }

    /// A failure stops the service. Returns which one it ends with.
    fn failed(&self, before: Option<Failure>, failure: Failure) -> Failure {
        let is_stopping = self.stop.is_cancelled();
        self.stop.cancel();
        match (&failure, is_stopping) {
            (Failure::Early(name), _) => warn!("Stopping: {name} ended by itself"),
            (Failure::Error(error), false) => error!("Stopping: {error:#}"),
            // The last words, unless it is another that counts.
            (Failure::Error(error), true) if before.is_some() => error!("{error:#}"),
            (Failure::Error(_), true) => return failure,
        }
        let failure = failure.said();
        match (before, failure) {
            (Some(Failure::Early(_)), error @ Failure::Error(_)) => error,
            (Some(before), _) => before,
            (None, failure) => failure,
        }
    }
}

/// What is wrong about a part's end.
#[derive(Debug)]
enum Failure {
    /// It ended before its time.
    Early(String),
    /// It failed, broke, or did not end.
    Error(anyhow::Error),
}

impl Failure {
    /// Nobody has to say it again.
    fn said(self) -> Self {
        match self {
            Self::Error(error) => Self::Error(Said::new(error).into()),
            early @ Self::Early(_) => early,
        }
    }

    fn error(self) -> anyhow::Error {
        match self {
            Self::Early(name) => anyhow!("{name} ended by itself"),
            Self::Error(error) => error,
        }
    }
}

/// A part that can only end.
pub async fn infallible(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    work.await;
    Ok(())
}

async fn after_drain(stop: CancellationToken, time: Duration) -> Duration {
    stop.cancelled().await;
    let began = Instant::now();
    sleep(time).await;
    began.elapsed()
}

/// Tasks with names.
#[derive(Debug, Default)]
struct Parts {
    tasks: JoinSet<anyhow::Result<()>>,
    names: HashMap<Id, String>,
}

/// A part that is not there any more.
struct Ended {
    name: String,
    how: Result<anyhow::Result<()>, JoinError>,
}

impl Parts {
    fn spawn(
        &mut self,
        name: String,
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(work);
        self.names.insert(task.id(), name);
    }

    async fn next_ended(&mut self) -> Option<Ended> {
        let (id, how) = match self.tasks.join_next_with_id().await? {
            Ok((id, how)) => (id, Ok(how)),
            Err(error) => (error.id(), Err(error)),
        };
        let name = self.names.remove(&id).unwrap_or_default();
        Some(Ended { name, how })
    }

    async fn all_ended(&mut self) {
        while let Some(ended) = self.next_ended().await {
            if let Some(failure) = ended.failure(true) {
                warn!("{:#}", failure.error());
            }
        }
    }

    /// Those that have not ended.
    fn names(&self) -> String {
        let mut names: Vec<_> = self.names.values().map(String::as_str).collect();
        names.sort_unstable();
        names.join(", ")
    }
}

impl Ended {
    /// What is wrong about it: nothing where it was time to end, and it did so by itself.
    fn failure(self, is_time: bool) -> Option<Failure> {
        let name = self.name;
        match self.how {
            Ok(Ok(())) if is_time => None,
            Ok(Ok(())) => Some(Failure::Early(name)),
            Ok(Err(error)) => Some(Failure::Error(error)),
            Err(error) => {
                let error = anyhow::Error::new(error);
                let error = error.context(format!("{name} broke, which is a defect"));
                Some(Failure::Error(error))
            }
        }
    }
}

#[cfg(test)]
mod tests;
