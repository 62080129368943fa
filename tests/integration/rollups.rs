//! Roll-ups and maintenance, by the program as it runs.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::support::{Database, Service, ServiceSettings, Topic, original_record};

const RECORDS: usize = 20;
/// A mark is a minute old when it is taken; a test does not wait for it.
const AGE: &str = "UPDATE dirty_hours SET created_at = '-infinity'; \
    UPDATE dirty_days SET created_at = '-infinity'";

/// Waits until the roll-ups say that this became of all checks, and days are their hours.
async fn await_counted(database: &Database, fate: &str) {
    database.execute(AGE).await;
    let counted = format!(
        "SELECT sum({fate}) = {RECORDS} AND sum(up + down + maintenance) = {RECORDS} FROM hours"
    );
    database.await_true(&counted).await;
    database.execute(AGE).await;
    database.await_true(&counted.replace("hours", "days")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consumer_counts_hours_and_days_and_what_is_worked_on_apart() {
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    let records: Vec<_> = (0..RECORDS).map(original_record).collect();
    topic.write(records.iter().map(Vec::as_slice));
    database.await_rows(i64::try_from(RECORDS).unwrap()).await;
    await_counted(&database, "up").await;

    let run = async |arguments: &[&str]| {
        let arguments = [&["maintenance"], arguments].concat();
        Service::run("consumer", &arguments, &settings).await
    };
    let (code, _, said) = run(&["add", "--all", "--schedule", "every night"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("four words") && said.contains("Mon,Thu 23:00 1h Europe/Amsterdam"),
        "{said}"
    );
    let (code, _, said) = run(&[
        "add",
        "--website",
        "http://u:secret@nobody/",
        "--schedule",
        "daily 02:00 1h UTC",
    ])
    .await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("http://***@nobody/") && !said.contains("secret"),
        "{said}"
    );
    let (code, ..) = run(&["add", "--schedule", "daily 02:00 1h UTC"]).await;
    assert_eq!(code, Some(2), "whose is it?");

    let in_hours = |hours| (Timestamp::now() + SignedDuration::from_hours(hours)).to_string();
    let (since, until) = (in_hours(-2), in_hours(1));
    let (code, said, _) = run(&[
        "add", "--all", "--since", &since, "--until", &until, "--note", "a move",
    ])
    .await;
    assert_eq!((code, said.trim()), (Some(0), "added: 1"));
    let (_, listed, _) = run(&["list"]).await;
    assert!(
        listed.starts_with("1  all  ") && listed.contains("a move"),
        "{listed}"
    );
    await_counted(&database, "maintenance").await;
    let (code, ..) = run(&["remove", "1"]).await;
    assert_eq!(code, Some(0));
    let (code, ..) = run(&["remove", "1"]).await;
    assert_eq!(code, Some(2), "it is removed");
    let (_, listed, _) = run(&["list", "--json"]).await;
    assert_eq!(listed, "");
    // What it was until now stays.
    await_counted(&database, "maintenance").await;
    assert_eq!(consumer.terminate().await, Some(0));
}

/// Hours of which the rows, which are the original's, say something else: none.
const WRONG_HOURS: &str = "SELECT count(*) FROM (SELECT website_id, \
    date_trunc('hour', scheduled_at, 'UTC') AS hour, location, count(*) AS up FROM metrics GROUP BY 1, 2, 3) AS rows \
    FULL JOIN hours USING (website_id, hour, location) WHERE rows.up IS DISTINCT FROM hours.up";
const KILLS: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn roll_ups_of_killed_consumers_are_what_the_rows_say() {
    let (topic, database) = (Topic::create(2).await, Database::create().await);
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut number = 0;
    for kill in 0..KILLS {
        let mut consumer = Service::start("consumer", &[], &settings);
        let records: Vec<_> = (number..number + 300).map(original_record).collect();
        number += records.len();
        topic.write(records.iter().map(Vec::as_slice));
        consumer.await_line(&["HTTP on"]).await;
        // Some moment of its life, another each time: while it stores, counts, or both.
        tokio::time::sleep(Duration::from_millis(200 + 150 * kill)).await;
        if database
            .try_value::<bool>("SELECT true FROM dirty_hours LIMIT 1")
            .await
            .is_some()
        {
            database.execute(AGE).await;
        }
        consumer.kill();
        consumer.exit().await;
    }
    let mut consumer = Service::start("consumer", &[], &settings);
    database.await_rows(i64::try_from(number).unwrap()).await;
    database.execute(AGE).await;
    database
        .await_true("SELECT NOT EXISTS (SELECT FROM dirty_hours)")
        .await;
    assert_eq!(database.value::<i64>(WRONG_HOURS).await, 0);
    assert_eq!(consumer.terminate().await, Some(0));
}
