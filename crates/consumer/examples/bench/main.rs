//! Measures the consumer on a real Kafka and a real PostgreSQL of its own, beside binary COPY of the
//! very same rows into the very same tables, in the same run. See docs/benchmarks.md.

mod backlog;
mod consumer;
mod copy;
mod database;
mod encodings;
mod outage;
mod page;
mod records;
mod steady;
mod topic;
mod usage;

use clap::{Parser, ValueEnum};
use devstack::{Kafka, KafkaOptions, Postgres, PostgresOptions};

#[derive(Parser)]
#[command(about = "Measures the consumer beside COPY of the same rows")]
struct Arguments {
    /// Records in the topic.
    #[arg(long, default_value_t = 500_000)]
    records: u64,
    /// How often each backlog is drained.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// A setting of the consumer: NAME=VALUE.
    #[arg(long, value_parser = setting)]
    set: Vec<(String, String)>,
    /// What to measure; all, when nothing is named.
    scenarios: Vec<Scenario>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// A record as JSON and as Avro: its bytes, and how quickly it is read. Needs no server.
    Encodings,
    /// A backlog of good records, beside COPY and beside a transaction a record.
    Backlog,
    /// A backlog in which each tenth record cannot become a row.
    Poison,
    /// A backlog in which each tenth record was sent before.
    Repeats,
    /// A backlog that decides incidents and marks hours, beside one that does neither.
    Decided,
    /// A thousand records a second as they come: how fresh rows are, and what they cost.
    Steady,
    /// A thousand websites that fail within a second: how soon that is decided and how often told.
    Outage,
    /// The status page over a thousand websites and ten million results, alone and with a hundred readers.
    Page,
}

/// What everything runs on.
struct Servers {
    kafka: Kafka,
    postgres: Postgres,
    /// How the consumer is set, beside what is always so.
    settings: Vec<(String, String)>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or("is not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let scenarios = match &*arguments.scenarios {
        [] => Scenario::value_variants(),
        named => named,
    };
    if scenarios.contains(&Scenario::Encodings) {
        encodings::measure()?;
    }
    if scenarios == [Scenario::Encodings] {
        return Ok(());
    }
    let (kafka, postgres) = tokio::try_join!(
        Kafka::throwaway(KafkaOptions::default()),
        Postgres::throwaway(PostgresOptions {
            durable: true,
            ..Default::default()
        }),
    )?;
    let mut servers = Servers {
        kafka,
        postgres,
        settings: arguments.set,
    };
    database::be_fair(&servers).await?;
    let (records, runs) = (arguments.records, arguments.runs);
    for scenario in scenarios {
        match scenario {
            Scenario::Encodings => {}
            Scenario::Backlog => backlog::beside_copy(&mut servers, records, runs).await?,
            Scenario::Poison => {
                backlog::drain(&mut servers, records, runs, records::Mix::Poison).await?;
            }
            Scenario::Repeats => {
                backlog::drain(&mut servers, records, runs, records::Mix::Repeats).await?;
            }
            Scenario::Decided => {
                backlog::with_and_without(&mut servers, records, runs).await?;
            }
            Scenario::Outage => outage::measure(&mut servers).await?,
            Scenario::Page => page::measure(&mut servers).await?,
            Scenario::Steady => steady::measure(&mut servers).await?,
        }
    }
    Ok(())
}
