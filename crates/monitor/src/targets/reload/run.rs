//! The targets file in time: looks at it, reads it, and passes on what changed.

use std::{sync::Arc, time::Duration};

use service::{command_line::BadInput, health::Remark};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, spawn_blocking},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    super::{change::Change, settings::TargetsSettings, target::Target},
    list::{List, Outcome, Reading},
    news::{Cause, News, say_words},
    watch::{Watch, look},
};

/// How often the file is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// Changes that the schedule takes up at once: a millisecond's work, after which it looks at what
/// came due.
const CHANGES_AT_ONCE_MAX: usize = 500;

/// Keeps the list of targets what the file says.
#[derive(Debug)]
pub struct Reloader {
    list: List,
    watch: Watch,
    /// What is owed to whom, others have to know as well.
    lists: watch::Sender<Vec<Arc<Target>>>,
}

impl Reloader {
    /// Reads the file for the first time, and says which of its rows cannot be used. Without a usable
    /// one there is nothing to do, which is the user's to change.
    pub fn start(settings: &TargetsSettings) -> Result<Self, BadInput> {
        let (list, words, stamp) = List::read(settings)?;
        say_words(settings, &words);
        let watch = Watch::new(stamp, Instant::now());
        let (lists, _) = watch::channel(list.usable.clone());
        Ok(Self { list, watch, lists })
    }

    /// The targets that the file holds, again whenever that changed.
    pub fn lists(&self) -> watch::Receiver<Vec<Arc<Target>>> {
        self.lists.subscribe()
    }

    /// The targets that the file holds now.
    pub fn targets(&self) -> &[Arc<Target>] {
        &self.list.usable
    }

    /// Reads the file by each order and whenever it changed, and sends what changed, until `stop`.
    pub async fn run(
        self,
        mut orders: mpsc::Receiver<()>,
        changes: mpsc::Sender<Vec<Change>>,
        remark: Remark,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let news = News::new(remark, &self.list);
        let work = self.reload(&mut orders, changes, news);
        stop.run_until_cancelled(work).await.unwrap_or(Ok(()))
    }

    async fn reload(
        self,
        orders: &mut mpsc::Receiver<()>,
        changes: mpsc::Sender<Vec<Change>>,
        mut news: News,
    ) -> anyhow::Result<()> {
        let Self {
            mut list,
            mut watch,
            lists,
        } = self;
        let mut may_order = true;
        loop {
            let mut cause = None;
            tokio::select! {
                order = orders.recv(), if may_order => match order {
                    Some(()) => cause = Some(Cause::Order),
                    None => may_order = false,
                },
                () = sleep(LOOK_INTERVAL) => {}
            }
            let path = list.settings.file.clone();
            let sight = spawn_blocking(move || look(&path)).await?;
            if watch.see(sight, Instant::now()) {
                cause = cause.or(Some(Cause::Change));
            }
            if let Some(cause) = cause {
                let reading;
                (list, reading) = read_again(list).await?;
                watch.has_read(reading.sight);
                news.tell(&list, &reading.outcome, cause);
                if matches!(reading.outcome, Outcome::Taken { .. }) {
                    lists.send_replace(list.usable.clone());
                }
                if pass_on(reading.outcome, &changes).await.is_err() {
                    // The schedule is gone, which whoever runs us will see.
                    return Ok(());
                }
            }
            news.age(&list);
        }
    }
}

/// Off the tasks: the file may be large, and its file system slow.
async fn read_again(mut list: List) -> Result<(List, Reading), JoinError> {
    spawn_blocking(move || {
        let reading = list.read_again();
        (list, reading)
    })
    .await
}

async fn pass_on(
    outcome: Outcome,
    changes: &mpsc::Sender<Vec<Change>>,
) -> Result<(), mpsc::error::SendError<Vec<Change>>> {
    let Outcome::Taken { difference, .. } = outcome else {
        return Ok(());
    };
    let mut all = difference.changes.into_iter();
    loop {
        let part: Vec<_> = all.by_ref().take(CHANGES_AT_ONCE_MAX).collect();
        if part.is_empty() {
            return Ok(());
        }
        changes.send(part).await?;
    }
}
