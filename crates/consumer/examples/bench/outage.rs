//! A thousand websites that fail within one second: how soon that is decided, and how often it is told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use jiff::{SignedDuration, Timestamp};
use rdkafka::producer::BaseProducer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    Servers,
    consumer::Consumer,
    database::{self, Database},
    records::{self, Sent, WEBSITES},
    topic,
};

const TOPIC: &str = "outage";
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_mins(1);
/// How long more alerts are waited for after the first: twice as long as they gather.
const MORE: Duration = Duration::from_secs(10);
/// Of one post.
const POST_TIMEOUT: Duration = Duration::from_secs(5);

/// From the making of the record that opened an incident to the commit of that.
const DECIDED: &str = "SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY \
    1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - opened_at)::float8) FROM incidents";

pub(crate) async fn measure(servers: &mut Servers) -> anyhow::Result<()> {
    database::keep_commit_times(servers).await?;
    let database = Database::create(servers, TOPIC).await?;
    servers.kafka.create_topic(TOPIC, topic::PARTITIONS).await?;
    let (receiver, posts) = receiver().await?;
    let consumer = Consumer::start_with(servers, TOPIC, &database, &receiver)?;
    let producer = topic::producer(servers, 1)?;
    let ago = |minutes| Timestamp::now().checked_sub(SignedDuration::from_mins(minutes));
    // All are well, and then fail for the first time, which decides nothing.
    let (well, first) = (ago(2)?, ago(1)?);
    spread(&producer, |number| records::good(number, well)).await?;
    spread(&producer, |number| records::failed(number, first)).await?;
    let websites = i64::try_from(WEBSITES)?;
    reached(&database, "SELECT count(*) FROM metrics", 2 * websites).await?;
    let from = consumer.moment(servers)?;
    spread(&producer, |number| {
        records::failed(number, Timestamp::now())
    })
    .await?;
    reached(&database, "SELECT count(*) FROM incidents", websites).await?;
    let cost = consumer.moment(servers)?.since(from);
    let times: Vec<f64> = database.client().query_one(DECIDED, &[]).await?.get(0);
    println!(
        "outage: {WEBSITES} websites failed within a second, decided after {:.0} ms in the median, {:.0} at \
         p99, {:.0} at most; {:.0} ms of CPU the consumer, {:.0} PostgreSQL",
        times[0],
        times[1],
        times[2],
        1000.0 * cost.consumer.as_secs_f64(),
        1000.0 * cost.postgres.as_secs_f64(),
    );
    let began = Instant::now();
    while posts.load(Ordering::Relaxed) == 0 {
        ensure!(began.elapsed() < WAIT_MAX, "nobody is told");
        sleep(POLL_INTERVAL).await;
    }
    let told = began.elapsed();
    sleep(MORE).await;
    println!(
        "outage: {} alert(s), the first {:.1} s after",
        posts.load(Ordering::Relaxed),
        told.as_secs_f64()
    );
    Ok(())
}

/// Sends a record of each website within one second.
async fn spread(
    producer: &BaseProducer,
    record: impl Fn(u64) -> anyhow::Result<Sent>,
) -> anyhow::Result<()> {
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(WEBSITES)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..WEBSITES {
        ticks.tick().await;
        topic::send(producer, TOPIC, &record(number)?)?;
        producer.poll(Duration::ZERO);
    }
    Ok(())
}

async fn reached(database: &Database, sql: &str, count: i64) -> anyhow::Result<()> {
    let began = Instant::now();
    // There are no tables at first.
    while database.count(sql).await.unwrap_or_default() < count {
        ensure!(began.elapsed() < WAIT_MAX, "{sql} does not reach {count}");
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}

/// A webhook that takes everything, as `ALERTS_FILE` names it, and how often it was posted to.
async fn receiver() -> anyhow::Result<(String, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let file = format!(
        "[[receiver]]\nname = \"bench\"\ntype = \"webhook\"\nurl = \"http://{}/\"\n",
        listener.local_addr()?
    );
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answered = timeout(POST_TIMEOUT, answer(stream)).await;
            if matches!(answered, Ok(Ok(()))) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    Ok((file, posts))
}

/// Reads a post to its end and says that it was taken.
async fn answer(mut stream: TcpStream) -> anyhow::Result<()> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).await?;
        ensure!(length > 0, "the post ends early");
        read.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let promised = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let promised: usize = promised.unwrap_or("0").trim().parse()?;
        if body.len() >= promised {
            break;
        }
    }
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        .await?;
    Ok(())
}
