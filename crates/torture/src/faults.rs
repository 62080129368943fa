//! What is done to the consumers and their servers. Each fault hurts, waits and heals.

mod letters;
mod link;
mod process;
mod scene;
mod server;
mod session;
mod table;
mod topic;

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

pub(crate) use self::scene::Scene;

type Inflict = for<'a, 'w> fn(&'a mut Scene<'w>) -> LocalBoxFuture<'a, Result<()>>;

/// A kind of fault.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) inflict: Inflict,
}

macro_rules! faults {
    ($($name:literal: $inflict:path;)*) => {
        /// All kinds.
        pub(crate) const ALL: &[Fault] = &[$(Fault {
            name: $name,
            inflict: |scene| Box::pin($inflict(scene)),
        }),*];
    };
}

faults! {
    "consumer killed": process::kill;
    "all consumers killed": process::kill_all;
    "consumer restarted": process::restart;
    "consumer restarted at once after its start": process::restart_twice;
    "all consumers stopped": process::stop_all;
    "consumer frozen past its session": process::freeze_long;
    "consumer frozen for a moment": process::freeze;
    "third consumer comes and goes": process::guest_goes;
    "third consumer comes and is killed": process::guest_is_killed;

    "PostgreSQL killed": server::kill_postgres;
    "PostgreSQL shut down at once": server::quit_postgres;
    "PostgreSQL restarted": server::restart_postgres;
    "PostgreSQL frozen": server::freeze_postgres;
    "Kafka killed": server::kill_kafka;
    "Kafka restarted": server::restart_kafka;
    "Kafka frozen": server::freeze_kafka;

    "backends terminated": session::terminate;
    "statements cancelled": session::cancel;
    "read-only by default": session::read_only;
    "serializable by default": session::serializable;
    "statement_timeout of the role": session::statement_timeout;
    "connection limit of the role": session::connection_limit;
    "connections used up": session::connections;

    "metrics locked": table::lock_metrics;
    "websites locked": table::lock_websites;
    "stored offsets locked": table::lock_offsets;
    "incidents locked": table::lock_incidents;
    "incidents refused": table::refuse_incidents;
    "right taken away": table::revoke;
    "CHECK that refuses a value": table::refuse;
    "refused records tried again": letters::try_again;
    "columns come and go": table::columns;
    "event trigger refuses partitions": table::event_trigger;
    "sequences behind": table::sequences;
    "stored offset set back": table::rewind;

    "link to PostgreSQL cut": link::postgres_cut;
    "link to PostgreSQL late": link::postgres_late;
    "link to PostgreSQL stalled": link::postgres_stalled;
    "link to PostgreSQL narrow": link::postgres_narrow;
    "link to PostgreSQL refused": link::postgres_refused;
    "link to PostgreSQL closed by half": link::postgres_half;
    "link to PostgreSQL cut after some bytes": link::postgres_bytes;
    "COMMIT lost": link::commit_lost;
    "reply to COMMIT lost": link::reply_lost;
    "link to Kafka cut": link::kafka_cut;
    "link to Kafka late": link::kafka_late;
    "link to Kafka stalled": link::kafka_stalled;
    "link to Kafka narrow": link::kafka_narrow;
    "link to Kafka refused": link::kafka_refused;
    "link to Kafka closed by half": link::kafka_half;
    "link to Kafka cut after some bytes": link::kafka_bytes;

    "partition added": topic::grow;
    "records removed unread": topic::remove;
    "records sent again": topic::send_again;
    "transaction aborted": topic::abort;
}
