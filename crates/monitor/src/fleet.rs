//! Targets that live in a compacted topic, and monitors that share them.
//!
//! The topic's key is a target's url, its value the target as an object of JSON; a tombstone removes it.
//! Whoever reads all of it knows all targets. Monitors of one group share its partitions by Kafka's own
//! group protocol: each checks the targets of those that are its own.
//!
//! Due times are a function of target and clock alone, so a target that moves keeps its rhythm. How far a
//! partition's checks are acknowledged by Kafka travels with it, in the metadata of the group's committed
//! offset: what was due since, its next monitor tells as missed, and what the last one still publishes takes
//! its place.
//!
//! - `reader`: the thread that reads the topic; `membership`: which of its partitions are ours; `client`: what is asked of Kafka,
//!   `callbacks`: what it tells.
//! - `partition`: the targets of one partition, record by record (`record`).
//! - `holdings`: the partitions that are ours, and what follows for the schedule.
//! - `ledger`: how far the checks of targets are acknowledged; `metadata`: how that travels; `takeover`: what
//!   is owed where a partition comes.
//! - `telling`: what the others are told; `news`: what people are; `follower`: the thread's end that the
//!   monitor has.
//! - `whole`: the topic read once; `publish`: writing the targets file into it.

mod callbacks;
mod client;
mod follower;
mod holdings;
mod ledger;
mod membership;
mod metadata;
mod news;
mod partition;
mod publish;
mod reader;
mod record;
mod settings;
mod takeover;
mod telling;
mod whole;

pub(crate) use self::{
    follower::{Follower, Parts},
    ledger::Ledger,
    telling::Outlets,
    whole::{Found, find},
};
pub use self::{
    publish::{PublishOptions, publish},
    settings::{FleetSettings, PublishTargetsSettings},
};
