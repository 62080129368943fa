//! What goes into the source, and what comes back when it ends.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::settings::SourceSettings;
use crate::{
    batch::{BatchSettings, Load},
    progress::Progress,
    store::BatchWriter,
    trouble::Troubles,
};

/// What the source works with.
pub(crate) struct Parts {
    pub(crate) settings: SourceSettings,
    pub(crate) batch: BatchSettings,
    /// Reaches the stored offsets.
    pub(crate) writer: BatchWriter,
    pub(crate) troubles: Troubles,
    pub(crate) progress: Progress,
    /// The workers' queue: whichever has time takes the next load.
    pub(crate) workers: mpsc::Sender<Load>,
    /// Ends the reading. What was read is still stored, unless `drop_on_stop`.
    pub(crate) stop: CancellationToken,
    /// Lets go what was read and not handed on, for a quick stop: the next start reads it again.
    pub(crate) drop_on_stop: bool,
}

/// How the source's thread ended, in two steps.
pub(crate) struct Running {
    /// Everything read is stored (or let go). An error here is the source's end.
    pub(crate) drained: oneshot::Receiver<anyhow::Result<()>>,
    /// The group was left. Apart, since this may hang when Kafka does, and nothing depends on it.
    pub(crate) closed: oneshot::Receiver<()>,
}
