//! Sites that never fail, asked whether it is us.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use http::Method;
use messages::{Outcome, Witness};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use url::Url;

use crate::probe::{Asking, Expectation, Instruments, ProbeRequest};

/// How long a witness may take, and so how long a result may wait for what it says.
pub(super) const WITNESS_TIMEOUT: Duration = Duration::from_secs(3);
/// From one question to the next. Until then, the last answer counts.
pub(super) const QUESTION_INTERVAL: Duration = Duration::from_secs(5);

/// The witnesses, and what they said last.
#[derive(Debug)]
pub(super) struct Witnesses {
    urls: Vec<Url>,
    instruments: Arc<Instruments>,
    give_up: CancellationToken,
    /// The question under way.
    asking: Option<AbortOnDropHandle<Answer>>,
    /// When the last question was put.
    asked_at: Option<Instant>,
    last_answer: Answer,
}

/// What the witnesses say together; nothing where they could not be asked.
pub(super) type Answer = Option<Witness>;

/// What is known when somebody wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    /// This was said just now.
    Known(Answer),
    /// They are being asked.
    Asked,
}

impl Witnesses {
    /// Witnesses that are asked by these instruments, until `give_up`.
    pub(super) fn new(
        urls: Vec<Url>,
        instruments: Arc<Instruments>,
        give_up: CancellationToken,
    ) -> Self {
        Self {
            urls,
            instruments,
            give_up,
            asking: None,
            asked_at: None,
            last_answer: None,
        }
    }

    /// Whether there are none to ask.
    pub(super) fn are_none(&self) -> bool {
        self.urls.is_empty()
    }

    /// Asks them, unless they were asked just now.
    pub(super) fn hear(&mut self, now: Instant) -> Hearing {
        if self.asking.is_some() {
            return Hearing::Asked;
        }
        if self.next_question_at().is_some_and(|next| now < next) {
            return Hearing::Known(self.last_answer);
        }
        self.asked_at = Some(now);
        let (urls, instruments) = (self.urls.clone(), Arc::clone(&self.instruments));
        let question = ask(urls, instruments, self.give_up.clone());
        self.asking = Some(AbortOnDropHandle::new(tokio::spawn(question)));
        Hearing::Asked
    }

    /// Whether a question is under way.
    pub(super) fn are_asked(&self) -> bool {
        self.asking.is_some()
    }

    /// When they may be asked again.
    pub(super) fn next_question_at(&self) -> Option<Instant> {
        self.asked_at.map(|asked_at| asked_at + QUESTION_INTERVAL)
    }

    /// What they answer, when they do. Giving it up loses nothing.
    pub(super) async fn answered(&mut self) -> Answer {
        let Some(asking) = &mut self.asking else {
            return std::future::pending().await;
        };
        // A question that broke has no answer.
        self.last_answer = asking.await.unwrap_or_default();
        self.asking = None;
        self.last_answer
    }
}

/// Any answer will do, from any of them.
async fn ask(urls: Vec<Url>, instruments: Arc<Instruments>, give_up: CancellationToken) -> Answer {
    let mut answers: FuturesUnordered<_> = urls
        .into_iter()
        .map(|url| ask_one(url, &instruments, &give_up))
        .collect();
    let mut answer = None;
    while let Some(one) = answers.next().await {
        answer = one.or(answer);
        if answer == Some(Witness::Up) {
            break;
        }
    }
    answer
}

async fn ask_one(url: Url, instruments: &Instruments, give_up: &CancellationToken) -> Answer {
    let request = ProbeRequest {
        url,
        timeout: Some(WITNESS_TIMEOUT),
        deadline: None,
        asking: Asking {
            method: Method::HEAD,
            redirects: Some(0),
            ..Asking::default()
        },
        expected: Expectation::default(),
    };
    match instruments.probe(&request, give_up).await.outcome {
        // Whatever the status: somebody is there.
        Outcome::Up { .. }
        | Outcome::Down {
            response: Some(_), ..
        } => Some(Witness::Up),
        Outcome::Down { response: None, .. } => Some(Witness::Down),
        Outcome::Missed { .. } | Outcome::Skipped { .. } => None,
    }
}
