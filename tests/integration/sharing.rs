//! Several consumers of one group.

use crate::support::{Database, Service, ServiceSettings, Topic, eventually, original_record};

const RECORDS: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_start_on_an_empty_database_and_share_the_partitions() {
    let values: Vec<Vec<u8>> = (0..RECORDS).map(original_record).collect();
    let (topic, database) = (Topic::create(4).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database).set("BATCH_ROWS_MAX", 100);
    let mut consumers = [(); 2].map(|()| Service::start("consumer", &[], &settings));
    for consumer in &consumers {
        eventually("each has partitions", async || {
            let log = consumer.log();
            let mut assigned = log
                .iter()
                .filter(|line| line.contains("Assigned partitions ["));
            assigned.any(|line| !line.ends_with("[]")).then_some(())
        })
        .await;
    }
    topic.write(values.iter().map(Vec::as_slice));
    // One leaves in the middle of the work and the other takes over.
    database.await_rows(RECORDS as i64 / 10).await;
    consumers[0].kill();
    let mut third = Service::start("consumer", &[], &settings);
    database
        .await_true(&format!("SELECT sum(next_offset) = {RECORDS} FROM offsets"))
        .await;
    assert_eq!(consumers[1].terminate().await, Some(0));
    assert_eq!(third.terminate().await, Some(0));
    database.assert_accounts(RECORDS as i64).await;
    let distinct = "SELECT count(DISTINCT matched_text) FROM metrics";
    assert_eq!(database.value::<i64>(distinct).await, RECORDS as i64);
}
