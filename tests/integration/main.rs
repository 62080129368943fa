//! The whole, tested with the real things: Apache Kafka, PostgreSQL, sockets, signals, processes.
//!
//! Tests share one broker and one database server, each with a topic and a database of its own;
//! those that break a server start their own. Servers end with this process, however it ends.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::cast_possible_wrap,
    reason = "a test may panic, reads best without borrows, and counts little"
)]

mod support;

mod alerts;
mod avro;
mod browser;
mod check;
mod clock;
mod commands;
mod contract;
mod defects;
mod drain;
mod encryption;
mod example;
mod exhausted;
mod faults;
mod fleet;
mod house;
mod killed;
mod lists;
mod login;
mod numbers;
mod observability;
mod offsets;
mod pipeline;
mod poison;
mod pooler;
mod prometheus;
mod proof;
mod reached;
mod release;
mod reload;
mod retention;
mod robots;
mod rollups;
mod secrets;
mod settings;
mod sharing;
mod sizes;
mod state;
mod supervised;
mod takeover;
mod targets;
mod topics;
mod torture;
mod traces;
mod witness;
