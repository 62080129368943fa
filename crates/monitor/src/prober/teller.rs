//! Gives each check its result, and with it what witnesses say when many fail together.

use messages::{Check, CheckResult, OutcomeKind};
use tokio::{sync::mpsc, time::Instant};

use super::{
    attempt::Found,
    crowd::Crowd,
    held::Held,
    listeners::Listeners,
    network::Network,
    witnesses::{Answer, Hearing, Witnesses},
};
use crate::{latest::LatestResults, report::Reporter, schedule::Due};

/// Tells results, those of one site in the order of its checks.
#[derive(Debug)]
pub(super) struct Teller {
    /// Which monitor looks.
    location: String,
    results: mpsc::Sender<CheckResult>,
    reporter: Reporter,
    /// What Prometheus may ask for.
    latest: LatestResults,
    crowd: Crowd,
    witnesses: Witnesses,
    network: Network,
    held: Held,
}

impl Teller {
    pub(super) fn new(location: String, listeners: Listeners, witnesses: Witnesses) -> Self {
        let Listeners {
            results,
            latest,
            network,
        } = listeners;
        Self {
            location,
            results,
            reporter: Reporter::new(),
            latest,
            crowd: Crowd::new(Instant::now()),
            witnesses,
            network: Network::new(network),
            held: Held::default(),
        }
    }

    /// The check came to this. Where many fail together, a failed one waits for what the witnesses
    /// say; all others go on at once.
    pub(super) async fn tell(&mut self, due: Due, found: Found) -> anyhow::Result<()> {
        let mut result = CheckResult {
            check: Check {
                url: due.target.url.clone(),
                regex_pattern: due.target.regexp().to_owned(),
                interval: due.interval,
                location: self.location.clone(),
                scheduled_at: due.scheduled_at,
                target: due.target.going_along.clone(),
            },
            outcome: found.outcome,
            self_doubt: found.self_doubt,
        };
        let hearing = self.hearing(result.kind());
        if hearing == Some(Hearing::Asked) || self.held.holds(&result.check.url) {
            self.held.hold(result);
            return if self.held.is_full() {
                self.release(None).await
            } else {
                Ok(())
            };
        }
        if let Some(Hearing::Known(answer)) = hearing {
            result.self_doubt.witness = answer;
        }
        self.send(result).await
    }

    /// What the witnesses say, or that they are asked, where a result of this kind is a reason to.
    fn hearing(&mut self, kind: OutcomeKind) -> Option<Hearing> {
        if self.witnesses.are_none() {
            return None;
        }
        let now = Instant::now();
        self.crowd.note(kind, now);
        let is_reason = kind == OutcomeKind::Down && self.crowd.is_failing(now);
        is_reason.then(|| self.witnesses.hear(now))
    }

    /// When the witnesses are to be asked again without a reason: while our network is out, so that
    /// its return is seen.
    pub(super) fn next_question_at(&self) -> Option<Instant> {
        let next = self.witnesses.next_question_at();
        next.filter(|_| self.network.is_out() && !self.witnesses.are_asked())
    }

    /// Asks the witnesses again, where it is time to.
    pub(super) fn ask_again(&mut self, now: Instant) {
        if self.next_question_at().is_some_and(|next| next <= now) {
            self.witnesses.hear(now);
        }
    }

    /// What the witnesses answer, when they do.
    pub(super) async fn answered(&mut self) -> Answer {
        self.witnesses.answered().await
    }

    /// The witnesses have answered: nobody waits any longer.
    pub(super) async fn heard(&mut self, answer: Answer) -> anyhow::Result<()> {
        self.network.heard(answer);
        self.release(answer).await
    }

    /// Whether results wait for the witnesses.
    pub(super) fn holds_results(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets those go on that wait for the witnesses.
    pub(super) async fn release(&mut self, answer: Answer) -> anyhow::Result<()> {
        for result in self.held.release(answer) {
            self.send(result).await?;
        }
        Ok(())
    }

    async fn send(&mut self, result: CheckResult) -> anyhow::Result<()> {
        self.reporter.checked(&result);
        self.latest.note(&result);
        let told = self.results.send(result).await;
        told.map_err(|_| anyhow::anyhow!("the publisher is gone"))
    }
}
