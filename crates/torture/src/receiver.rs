//! Who is told of incidents: receivers that fail, ask for time or say nothing, and what they took.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result};
use devstack::{Answer, Inbox, Posted};
use fastrand::Rng;
use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::stream::{OTHER_RECEIVER, RECEIVER};

/// How they begin, before they have taken anything.
const FIRST: [Answer; 4] = [
    Answer::Status(500, ""),
    Answer::Status(429, "Retry-After: 1"),
    Answer::Status(503, "Retry-After: 2"),
    Answer::Silence,
];

/// An alert that a receiver took.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) receiver: &'static str,
    pub(crate) id: Uuid,
    pub(crate) body: String,
}

/// All receivers. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Receivers {
    /// What `ALERTS_FILE` names.
    pub(crate) file: PathBuf,
    taken: Arc<Mutex<Vec<Taken>>>,
    are_well: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Receivers {
    /// Starts them, and writes the file that names them.
    pub(crate) async fn start(folder: &Path, seed: u64) -> Result<Self> {
        // Consumers have another current folder than we.
        let folder =
            fs::canonicalize(folder).with_context(|| format!("looking up {}", folder.display()))?;
        let file = folder.join("alerts.toml");
        let (taken, are_well) = (Arc::default(), Arc::<AtomicBool>::default());
        let (mut tasks, mut tables) = (JoinSet::new(), Vec::new());
        for (name, is_default) in [(RECEIVER, true), (OTHER_RECEIVER, false)] {
            let inbox = Inbox::start().await?;
            let url = inbox.url();
            tables.push(format!(
                "[[receiver]]\nname = \"{name}\"\ntype = \"webhook\"\nurl = \"{url}\"\n\
                 default = {is_default}\n"
            ));
            for answer in FIRST {
                inbox.answer(answer);
            }
            let random = Rng::with_seed(seed ^ u64::from(is_default));
            tasks.spawn(take(
                inbox,
                name,
                Arc::clone(&taken),
                random,
                Arc::clone(&are_well),
            ));
        }
        fs::write(&file, tables.concat()).with_context(|| format!("writing {}", file.display()))?;
        Ok(Self {
            file,
            taken,
            are_well,
            _tasks: tasks,
        })
    }

    /// From now on they take everything.
    pub(crate) fn heal(&self) {
        self.are_well.store(true, Ordering::Relaxed);
    }

    /// What they took, in order.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Notes what one receiver takes, and decides how it answers what comes later.
async fn take(
    mut inbox: Inbox,
    receiver: &'static str,
    taken: Arc<Mutex<Vec<Taken>>>,
    mut random: Rng,
    are_well: Arc<AtomicBool>,
) {
    while let Some(posted) = inbox.next().await {
        if !are_well.load(Ordering::Relaxed) {
            inbox.answer(answer(&mut random));
        }
        if let Some(it) = Taken::of(receiver, &posted) {
            taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(it);
        }
    }
}

/// One in eight is not taken. To say nothing is seldom, since it takes long.
fn answer(random: &mut Rng) -> Answer {
    let [error, many, unavailable, silence] = FIRST;
    match random.u32(0..80) {
        0 => silence,
        1 => many,
        2 => unavailable,
        3..10 => error,
        _ => Answer::Status(200, ""),
    }
}

impl Taken {
    /// What was posted, if it was taken.
    fn of(receiver: &'static str, posted: &Posted) -> Option<Self> {
        matches!(posted.answer, Answer::Status(200, _)).then(|| Self {
            receiver,
            // One without an id is of no alert, and told as such.
            id: posted
                .header("idempotency-key")
                .and_then(|id| id.parse().ok())
                .unwrap_or_default(),
            body: posted.body.clone(),
        })
    }

    /// The incidents that it tells of.
    pub(crate) fn incidents(&self) -> Vec<i64> {
        let body: HashMap<String, Value> = serde_json::from_str(&self.body).unwrap_or_default();
        let sites = body.get("sites").and_then(Value::as_array);
        let incidents = sites.into_iter().flatten();
        incidents
            .filter_map(|site| site["incident"].as_i64())
            .collect()
    }
}
