//! A topic full of records: how fast a consumer stores them, and what that costs.

use crate::{
    Servers,
    consumer::{Consumer, Cost, Drained},
    copy::{self, Rows},
    database::{self, Database},
    records::Mix,
    topic,
};

/// Drains a backlog of good records, and then has PostgreSQL copy the same rows into the same tables.
pub(crate) async fn beside_copy(
    servers: &mut Servers,
    records: u64,
    runs: u32,
) -> anyhow::Result<()> {
    topic::fill(servers, "good", records, Mix::Good).await?;
    let count = number(i64::try_from(records)?);
    for run in 1..=runs {
        let database = Database::create(servers, &format!("good_{run}")).await?;
        let drained = drain_once(servers, "good", records, &database).await?;
        say_size(&database).await?;
        let rows = Rows::take(&database).await?;
        let mut copies = Vec::new();
        for connections in [1, 2] {
            let cost = rows.put(servers, &database, connections).await?;
            say_copy(connections, &cost, count);
            copies.push(cost);
        }
        let one_by_one = copy::one_by_one(&database).await?;
        say_ratios(&drained, &copies, count, one_by_one);
    }
    Ok(())
}

/// Drains a backlog.
pub(crate) async fn drain(
    servers: &mut Servers,
    records: u64,
    runs: u32,
    mix: Mix,
) -> anyhow::Result<()> {
    let topic = format!("{mix:?}").to_lowercase();
    topic::fill(servers, &topic, records, mix).await?;
    for run in 1..=runs {
        let database = Database::create(servers, &format!("{topic}_{run}")).await?;
        drain_once(servers, &topic, records, &database).await?;
    }
    Ok(())
}

/// Drains a backlog whose records open and close incidents and mark hours, and one whose records do neither,
/// in turns.
pub(crate) async fn with_and_without(
    servers: &mut Servers,
    records: u64,
    runs: u32,
) -> anyhow::Result<()> {
    for mix in [Mix::Good, Mix::Doubted] {
        topic::fill(
            servers,
            &format!("decided_{mix:?}").to_lowercase(),
            records,
            mix,
        )
        .await?;
    }
    let count = number(i64::try_from(records)?);
    for run in 1..=runs {
        let mut costs = Vec::new();
        for mix in [Mix::Good, Mix::Doubted] {
            let topic = format!("decided_{mix:?}").to_lowercase();
            let database = Database::create(servers, &format!("{topic}_{run}")).await?;
            if mix == Mix::Doubted {
                // Nothing counts anyway; and what would be marked, is not.
                database.prepare().await?;
                let rule = "CREATE RULE unmarked AS ON INSERT TO dirty_hours DO INSTEAD NOTHING";
                database.client().batch_execute(rule).await?;
            }
            costs.push(drain_once(servers, &topic, records, &database).await?.cost);
        }
        println!(
            "ratios: with incidents and marks of hours {:.3} × the records/s without; CPU a record {:.3} × \
             the consumer, {:.3} × PostgreSQL",
            costs[0].rate(count) / costs[1].rate(count),
            costs[0].consumer.as_secs_f64() / costs[1].consumer.as_secs_f64(),
            costs[0].postgres.as_secs_f64() / costs[1].postgres.as_secs_f64(),
        );
    }
    Ok(())
}

async fn drain_once(
    servers: &mut Servers,
    topic: &str,
    records: u64,
    database: &Database,
) -> anyhow::Result<Drained> {
    database::checkpoint(servers).await?;
    let consumer = Consumer::start(servers, topic, database)?;
    let records = i64::try_from(records)?;
    let drained = consumer.drain(servers, database, records).await?;
    let (cost, count) = (drained.cost, number(drained.records));
    println!(
        "consumer: {:.0} records/s; µs of CPU a record: {:.2} the consumer, {:.2} PostgreSQL \
         ({:.2} of them beside its connections); MiB: {} at most, {} idle",
        cost.rate(count),
        Cost::each(cost.consumer, count),
        Cost::each(cost.postgres, count),
        Cost::each(cost.helpers, count),
        drained.memory_max,
        drained.memory_idle,
    );
    Ok(drained)
}

async fn say_size(database: &Database) -> anyhow::Result<()> {
    let sql = "SELECT (sum(pg_total_relation_size(inhrelid)) / (SELECT count(*) FROM metrics))\
               ::bigint FROM pg_inherits WHERE inhparent = 'metrics'::regclass";
    let bytes = database.count(sql).await?;
    println!("{bytes} bytes a row with its index");
    Ok(())
}

fn say_copy(connections: usize, cost: &Cost, rows: f64) {
    println!(
        "COPY by {connections} connection(s): {:.0} rows/s; µs of CPU a row: {:.2} PostgreSQL \
         ({:.2} of them beside its connections)",
        cost.rate(rows),
        Cost::each(cost.postgres, rows),
        Cost::each(cost.helpers, rows)
    );
}

fn say_ratios(drained: &Drained, copies: &[Cost], rows: f64, one_by_one: f64) {
    let count = number(drained.records);
    let rate = drained.cost.rate(count);
    let cpu = Cost::each(drained.cost.postgres, count);
    let best = copies
        .iter()
        .map(|cost| cost.rate(rows))
        .fold(0.0, f64::max);
    let cheapest = copies.iter().map(|cost| Cost::each(cost.postgres, rows));
    let cheapest = cheapest.fold(f64::INFINITY, f64::min);
    println!(
        "ratios: PostgreSQL's CPU {:.2} × COPY's; rows/s {:.2} × the best COPY; {:.0} × a \
         transaction a record ({one_by_one:.0}/s)",
        cpu / cheapest,
        rate / best,
        rate / one_by_one
    );
}

#[expect(clippy::cast_precision_loss, reason = "no backlog has 2^52 records")]
fn number(records: i64) -> f64 {
    records as f64
}
