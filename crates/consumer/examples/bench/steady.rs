//! Records as they come, a thousand a second, and a few after a pause.

use std::time::Duration;

use jiff::Timestamp;
use rdkafka::producer::BaseProducer;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{
    Servers,
    consumer::Consumer,
    database::{self, Database},
    records, topic,
};

const TOPIC: &str = "steady";
const RATE: u64 = 1000;
/// A broker that has just started is slow for about so long.
pub(crate) const WARM_UP: Duration = Duration::from_secs(12);
const MEASURED: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(700);
const AFTER_PAUSES: u64 = 20;

/// Says how long after a record's making its row is committed.
const FRESHNESS: &str = "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY \
    1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - scheduled_at)::float8), count(*) FROM metrics \
    WHERE scheduled_at >= $1::text::timestamptz";

pub(crate) async fn measure(servers: &mut Servers) -> anyhow::Result<()> {
    database::keep_commit_times(servers).await?;
    let database = Database::create(servers, TOPIC).await?;
    servers.kafka.create_topic(TOPIC, topic::PARTITIONS).await?;
    let consumer = Consumer::start(servers, TOPIC, &database)?;
    let producer = topic::producer(servers, 1)?;
    produce(&producer, TOPIC, WARM_UP).await?;
    let (began, from) = (Timestamp::now(), consumer.moment(servers)?);
    produce(&producer, TOPIC, MEASURED).await?;
    let cost = consumer.moment(servers)?.since(from);
    sleep(PAUSE).await;
    let percent = |time: Duration| 100.0 * time.as_secs_f64() / cost.took.as_secs_f64();
    println!(
        "steady, {RATE} records/s: {:.1} % of a core the consumer, {:.1} % PostgreSQL; {}",
        percent(cost.consumer),
        percent(cost.postgres),
        freshness(&database, began).await?
    );
    let began = Timestamp::now();
    for number in 0..AFTER_PAUSES {
        topic::send(&producer, TOPIC, &records::good(number, Timestamp::now())?)?;
        sleep(PAUSE).await;
    }
    println!("after a pause: {}", freshness(&database, began).await?);
    Ok(())
}

/// A thousand records a second for some time.
pub(crate) async fn produce(
    producer: &BaseProducer,
    topic: &str,
    time: Duration,
) -> anyhow::Result<()> {
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(RATE)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..RATE * time.as_secs() {
        ticks.tick().await;
        topic::send(producer, topic, &records::good(number, Timestamp::now())?)?;
        producer.poll(Duration::ZERO);
    }
    Ok(())
}

/// How long after its making each record since then was committed.
pub(crate) async fn freshness(database: &Database, from: Timestamp) -> anyhow::Result<String> {
    let row = database
        .client()
        .query_one(FRESHNESS, &[&from.to_string()])
        .await?;
    let (times, count): (Vec<f64>, i64) = (row.get(0), row.get(1));
    Ok(format!(
        "from record to commit in ms: {:.1} in the median, {:.1} at p99, {:.1} at most ({count})",
        times[0], times[1], times[2]
    ))
}
