//! The whole, tested with the real things: Apache Kafka, PostgreSQL, sockets, signals, processes.
//!
//! Tests share one broker and one database server, each with a topic and a database of its own;
//! those that break a server start their own. Servers end with this process, however it ends.

mod support;

mod commands;
mod contract;
mod drain;
mod encryption;
mod faults;
mod pipeline;
mod poison;
mod settings;
mod sharing;
mod targets;
