//! The status page over a thousand websites and ten million results: how soon and how large it comes, and
//! whether a hundred readers hold up what is stored.

mod ask;
mod fill;

use std::time::{Duration, Instant};

use anyhow::ensure;
use jiff::Timestamp;
use tokio::{task::JoinSet, time::sleep};

use self::ask::{Answer, ask};
use crate::{
    Servers,
    consumer::Consumer,
    database::{self, Database, checkpoint},
    steady, topic,
};

/// Of the topic and of the database.
const NAME: &str = "page";
/// An overview is kept for a second: each of these asks the database anew.
const APART: Duration = Duration::from_millis(1_100);
const REQUESTS: usize = 5;
const READY_MAX: Duration = Duration::from_mins(1);
const READERS: usize = 100;
const MEASURED: Duration = Duration::from_secs(20);
/// How long a reader looks before it asks again.
const READING: Duration = Duration::from_secs(2);
/// What is asked, the readers' two first; a tag's websites fill a page, a group's half of one.
const PATHS: [&str; 9] = [
    "/",
    "/websites/10001",
    "/?tag=tag1",
    "/?group=Group+1",
    "/websites/10001?period=30d",
    "/incidents",
    "/api/v1/websites?limit=1000",
    "/api/v1/websites/10001/availability",
    "/probes",
];

pub(crate) async fn measure(servers: &mut Servers) -> anyhow::Result<()> {
    database::keep_commit_times(servers).await?;
    let database = Database::create(servers, NAME).await?;
    servers.kafka.create_topic(NAME, topic::PARTITIONS).await?;
    let consumer = Consumer::start(servers, NAME, &database)?;
    // It outlives its readers.
    let address: &'static str = consumer.address().to_owned().leak();
    await_page(address).await?;
    fill::fill(servers, NAME).await?;
    alone(address, "not analysed").await?;
    database.client().batch_execute("ANALYZE").await?;
    checkpoint(servers).await?;
    alone(address, "analysed").await?;
    let producer = topic::producer(servers, 1)?;
    steady::produce(&producer, NAME, steady::WARM_UP).await?;
    for readers in [0, READERS] {
        let began = Timestamp::now();
        let until = Instant::now() + MEASURED;
        let mut reading = JoinSet::new();
        for number in 0..readers {
            reading.spawn(read(address, number, until));
        }
        let from = consumer.moment(servers)?;
        steady::produce(&producer, NAME, MEASURED).await?;
        let cost = consumer.moment(servers)?.since(from);
        let mut answers = Vec::new();
        while let Some(read) = reading.join_next().await {
            answers.extend(read??);
        }
        sleep(APART).await;
        let percent = |time: Duration| 100.0 * time.as_secs_f64() / cost.took.as_secs_f64();
        println!(
            "page, {readers} readers: {:.0} % of a core the consumer, {:.0} % PostgreSQL; {}",
            percent(cost.consumer),
            percent(cost.postgres),
            steady::freshness(&database, began).await?
        );
        say("  their requests", answers);
    }
    Ok(())
}

/// Waits until the tables are there.
async fn await_page(address: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    while ask(address, PATHS[0])
        .await
        .map_or(0, |answer| answer.status)
        != 200
    {
        ensure!(began.elapsed() < READY_MAX, "there is no page");
        sleep(APART).await;
    }
    Ok(())
}

/// Each page for itself, while nothing is stored.
async fn alone(address: &str, when: &str) -> anyhow::Result<()> {
    let mut all = PATHS.map(|path| (path, Vec::new()));
    for _ in 0..REQUESTS {
        for (path, answers) in &mut all {
            answers.push(ask(address, path).await?);
        }
        sleep(APART).await;
    }
    for (path, answers) in all {
        say(&format!("page {path}, {when}"), answers);
    }
    Ok(())
}

/// A reader who asks now and then, for a website's page one time in ten.
async fn read(address: &'static str, number: usize, until: Instant) -> anyhow::Result<Vec<Answer>> {
    let mut answers = Vec::new();
    sleep(READING * u32::try_from(number)? / u32::try_from(READERS)?).await;
    while Instant::now() < until {
        let path = PATHS[usize::from(number.is_multiple_of(10))];
        answers.push(ask(address, path).await?);
        sleep(READING).await;
    }
    Ok(answers)
}

fn say(what: &str, mut answers: Vec<Answer>) {
    let Some(first) = answers.first().copied() else {
        return;
    };
    answers.sort_by_key(|answer| answer.first_byte);
    let milliseconds = |answer: &Answer| 1000.0 * answer.first_byte.as_secs_f64();
    let refused = answers.iter().filter(|it| it.status != 200).count();
    println!(
        "{what}: first byte after {:.0} ms the first time, {:.0} in the median, {:.0} at most; {} bytes \
         ({} requests, {refused} refused)",
        milliseconds(&first),
        milliseconds(&answers[answers.len() / 2]),
        milliseconds(&answers[answers.len() - 1]),
        first.bytes,
        answers.len(),
    );
}
