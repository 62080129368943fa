//! Hurts consumers, Kafka and PostgreSQL while records flow, and proves afterwards that each is
//! stored exactly once.
//!
//! - `plan`: what is to be done, all of it decided by a seed.
//! - `stream`: record by record, what is sent and what has to become of it. Written from the
//!   contract (docs/record.md), with no code of the consumer's: an error there is none here.
//! - `publisher`: sends, and notes what Kafka acknowledged.
//! - `proxy`: stands between the consumers and their servers, and cuts, delays, stalls.
//! - `world`: the servers and the consumers, all real.
//! - `receiver`: who is told of incidents, and fails now and then.
//! - `faults`: what is done to them.
//! - `oracle`: what was acknowledged, against what is stored, decided and told.
//! - `run`: all of it, in order.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "records are counted in millions"
)]

mod consumer;
mod faults;
mod oracle;
mod plan;
mod proxy;
mod publisher;
mod receiver;
mod run;
mod stream;
mod world;

pub use plan::Plan;
pub use run::{Verdict, run};
