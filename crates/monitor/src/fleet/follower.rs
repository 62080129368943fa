//! The topic of targets, as the monitor follows it: the end of the reader's thread that the others have.

use std::{sync::Arc, thread, time::Duration};

use anyhow::Context as _;
use service::{
    health::Health,
    kafka::{KafkaSettings, Observer},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    client::Client,
    holdings::Holdings,
    ledger::Ledger,
    news::News,
    reader::{Reader, Times},
    settings::FleetSettings,
    telling::{Outlets, Telling},
};
use crate::targets::{Target, TargetsSettings};

/// How long leaving the group may take: Kafka may hang.
const LEAVE_MAX: Duration = Duration::from_secs(4);

/// What following needs.
pub(crate) struct Parts<'a> {
    pub(crate) fleet: &'a FleetSettings,
    pub(crate) kafka: &'a KafkaSettings,
    pub(crate) targets: &'a TargetsSettings,
    /// Checks that are told as missed where a partition comes.
    pub(crate) backfill_max: usize,
    pub(crate) health: &'a Health,
    pub(crate) outlets: Outlets,
    pub(crate) stop: CancellationToken,
}

/// Keeps the list of targets what the topic says, and the group gives.
#[derive(Debug)]
pub(crate) struct Follower {
    lists: watch::Receiver<Vec<Arc<Target>>>,
    begun: oneshot::Receiver<()>,
    ended: oneshot::Receiver<anyhow::Result<()>>,
    ledger: Option<Ledger>,
}

impl Follower {
    /// Starts the thread.
    pub(crate) fn start(parts: Parts<'_>) -> anyhow::Result<Self> {
        let Parts { fleet, kafka, .. } = parts;
        let (ledger, group) = (Ledger::default(), fleet.group.as_deref());
        let observer = Observer::new(parts.health.condition("Targets"), kafka);
        let (list_sender, lists) = watch::channel(Vec::new());
        let (begun_sender, begun) = oneshot::channel();
        // A member of a group has none until the group gives it some.
        let begun_sender = group.is_none().then_some(begun_sender);
        let (ended_sender, ended) = oneshot::channel();
        let location = parts.targets.location.clone();
        let reader = Reader {
            client: Arc::new(Client::new(kafka, fleet, observer, ledger.clone())?),
            holdings: Holdings::new(ledger.clone(), parts.targets.interval),
            telling: Telling::new(parts.outlets, list_sender, location, parts.backfill_max),
            news: News::new(parts.health.remark("targets"), &fleet.topic, group),
            variables: parts.targets.variables.clone(),
            stop: parts.stop,
            begun: begun_sender,
            times: Times::start(),
            coming: std::collections::BTreeSet::new(),
            is_adrift: false,
            is_changed: true,
            ledger: ledger.clone(),
        };
        thread::Builder::new()
            .name("targets".into())
            .spawn(move || {
                // Nobody listens where leaving took too long.
                ended_sender.send(reader.run()).ok();
            })
            .context("starting the thread that reads the topic of targets")?;
        Ok(Self {
            lists,
            begun,
            ended,
            ledger: group.map(|_| ledger),
        })
    }

    /// The targets that are ours, again whenever that changed.
    pub(crate) fn lists(&self) -> watch::Receiver<Vec<Arc<Target>>> {
        self.lists.clone()
    }

    /// Where checks are accounted for, where others may go on with our targets.
    pub(crate) fn ledger(&self) -> Option<Ledger> {
        self.ledger.clone()
    }

    /// Waits until the topic is read to its end; a member of a group, whose targets come when the group gives
    /// them, waits for nothing.
    pub(crate) async fn begun(&mut self) {
        // Where the thread has ended, its stage will say why.
        (&mut self.begun).await.ok();
    }

    /// Follows, until `stop`.
    pub(crate) async fn run(
        mut self,
        mut orders: mpsc::Receiver<()>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut may_order = true;
        loop {
            tokio::select! {
                ended = &mut self.ended => {
                    return ended.context("the thread that reads the topic of targets is gone")?;
                }
                order = orders.recv(), if may_order => match order {
                    Some(()) => info!("The targets come from their topic, and are what it says"),
                    None => may_order = false,
                },
                () = stop.cancelled() => break,
            }
        }
        let Ok(ended) = timeout(LEAVE_MAX, self.ended).await else {
            warn!("Kafka's client is still busy leaving the group and is left behind");
            return Ok(());
        };
        ended.context("the thread that reads the topic of targets is gone")?
    }
}
