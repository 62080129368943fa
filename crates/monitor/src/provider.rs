//! Where the targets come from: a file that is read again when it changed, or a topic that is followed.

use std::sync::Arc;

use service::{health::Health, stages::Stages};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    fleet::{Follower, Ledger, Outlets, Parts},
    settings::Settings,
    targets::{Change, Reloader, Target},
};

/// What keeps the list of targets.
#[derive(Debug)]
pub(crate) enum Provider {
    /// The targets file.
    File(Box<Reloader>, mpsc::Sender<Vec<Change>>),
    /// The topic of targets.
    Topic(Follower),
}

impl Provider {
    /// Reads the file, or begins to read the topic. A file without a usable row is the user's to change.
    pub(crate) fn start(
        settings: &Settings,
        outlets: Outlets,
        health: &Health,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let Some(fleet) = &settings.fleet else {
            let reloader = Reloader::start(&settings.targets)?;
            return Ok(Self::File(Box::new(reloader), outlets.changes));
        };
        let parts = Parts {
            fleet,
            kafka: &settings.kafka,
            targets: &settings.targets,
            backfill_max: settings.state.backfill_max,
            health,
            outlets,
            stop,
        };
        Ok(Self::Topic(Follower::start(parts)?))
    }

    /// The targets that are in force, again whenever that changed.
    pub(crate) fn lists(&self) -> watch::Receiver<Vec<Arc<Target>>> {
        match self {
            Self::File(reloader, _) => reloader.lists(),
            Self::Topic(follower) => follower.lists(),
        }
    }

    /// Where checks are accounted for, where others may go on with our targets.
    pub(crate) fn ledger(&self) -> Option<Ledger> {
        match self {
            Self::File(..) => None,
            Self::Topic(follower) => follower.ledger(),
        }
    }

    /// Whether it may take long until the targets are known.
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Topic(_))
    }

    /// The targets to begin with, once they are known.
    pub(crate) async fn targets(&mut self) -> Vec<Arc<Target>> {
        match self {
            Self::File(reloader, _) => reloader.targets().to_vec(),
            Self::Topic(follower) => {
                follower.begun().await;
                follower.lists().borrow().clone()
            }
        }
    }

    /// Passes on what changes, as the first stage, until `stop`.
    pub(crate) fn stage(self, stages: &mut Stages, orders: mpsc::Receiver<()>, health: &Health) {
        let stop = stages.stop();
        match self {
            Self::File(reloader, changes) => {
                let remark = health.remark("targets");
                stages.stage("the targets", reloader.run(orders, changes, remark, stop));
            }
            Self::Topic(follower) => stages.stage("the targets", follower.run(orders, stop)),
        }
    }
}
