//! The source: a thread that only polls Kafka and groups records by partition. What it reads goes
//! to the workers as batches; what became of each comes back as the reply to its delivery.
//!
//! A thread of its own, since the client's blocking poll is its most reliable way to be read. It
//! never waits for PostgreSQL: while batches are stuck it goes on polling, so that it keeps its
//! partitions.
//!
//! - `reader`: the thread's loop, which does what the others decide.
//! - `lane`: one partition on its way to its worker, `lanes`: all of them; `flow`: when to stop
//!   fetching; `audit`: whether the stored offsets are still ours.
//! - `start`: where a partition begins; `finder`: finding that out, however long it takes; `ledger`:
//!   what PostgreSQL and Kafka know of it.
//! - `client`: what is asked of Kafka (`feed` is what the thread sees of it), by `lists` of partitions;
//!   `callbacks`: what it tells, kept in `changes`, `hints` and `ends`.

mod audit;
mod callbacks;
mod changes;
mod client;
mod ends;
mod feed;
mod finder;
mod flow;
mod hints;
mod lane;
mod lanes;
mod ledger;
mod lists;
mod parts;
mod reader;
mod settings;
mod start;

use std::{sync::Arc, thread};

use anyhow::Context as _;
use service::kafka::{KafkaSettings, Observer};
use tokio::sync::oneshot;

use self::{client::Client, finder::Finder, ledger::Ledger, reader::Reader};

pub(crate) use parts::{Parts, Running};
pub(crate) use settings::{OffsetReset, SourceSettings};

/// Joins the group and starts the thread.
pub(crate) fn start(
    parts: Parts,
    kafka: &KafkaSettings,
    observer: Observer,
) -> anyhow::Result<Running> {
    let heard = parts.progress.heard.clone();
    let client = Arc::new(Client::subscribe(&parts.settings, kafka, observer, heard)?);
    let ledger = Ledger {
        client: Arc::clone(&client),
        writer: parts.writer.clone(),
        topic: parts.settings.topic.clone(),
        reset: parts.settings.reset,
        progress: parts.progress.clone(),
    };
    let finder = Finder::new(ledger, parts.troubles.clone());
    let reader = Reader::new(parts, client, finder);
    let (drained_sender, drained) = oneshot::channel();
    let (closed_sender, closed) = oneshot::channel();
    thread::Builder::new()
        .name("source".into())
        .spawn(move || reader.run(drained_sender, closed_sender))
        .context("starting the thread that reads Kafka")?;
    Ok(Running { drained, closed })
}
