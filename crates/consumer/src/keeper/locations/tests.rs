//! Silent locations and outages of their networks, on a real PostgreSQL.

use std::time::Instant;

use database::{Database, Statement};
use jiff::{SignedDuration, Timestamp};
use service::health::Health;

use super::Watch;
use crate::{
    heard::{Heard, Sighting},
    keeper::telling::Names,
    testing,
};

const PARTITIONS: [i32; 2] = [3, 4];

struct Fixture {
    watch: Watch,
    health: Health,
    database: Database,
}

impl Fixture {
    /// Two partitions, and receivers of whom one is told by default.
    async fn new() -> Self {
        let writer = testing::writer(&testing::database().await);
        let database = writer.database().clone();
        database::prepare(&database).await.unwrap();
        let now = Timestamp::now();
        for time in [now - SignedDuration::from_hours(24), now] {
            writer.make_days_ahead(time).await.unwrap();
        }
        for partition in PARTITIONS {
            writer
                .offsets()
                .begin_partition(partition, 0)
                .await
                .unwrap();
        }
        let health = Health::default();
        let watch = Watch {
            database: database.clone(),
            key: writer.offsets().key().clone(),
            heard: Heard::default(),
            health: health.clone(),
            names: Names {
                all: vec!["operators".into(), "team".into()],
                defaults: vec!["operators".into()],
            },
        };
        Self {
            watch,
            health,
            database,
        }
    }

    async fn execute(&self, sql: &str) {
        let statement = Statement::built("preparing a test", sql.to_owned());
        let done = async |client: &mut _| statement.run(client).await;
        self.database.attempt(done).await.unwrap();
    }

    /// Everything that is written of it, oldest first.
    async fn told(&self) -> Vec<String> {
        let told = Statement::new(
            "asking a test",
            "SELECT concat_ws(': ', receiver || ' ' || kind || ' of ' || subject, withheld, \
            content ->> 'what') FROM outbox ORDER BY id",
        );
        let rows = async |client: &mut _| told.query(client, &[]).await;
        let rows = self.database.attempt(rows).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Every partition is read to its end, and it is looked once.
    async fn round(&self) {
        for partition in PARTITIONS {
            self.watch.heard.measured(partition, None, Instant::now());
        }
        self.watch.round().await.unwrap();
    }

    fn hear(&self, location: &str, seconds_ago: i64) {
        let at_ms = Timestamp::now().as_millisecond() - seconds_ago * 1000;
        let sighting = Sighting {
            at_ms,
            interval: 10.0,
        };
        self.watch.heard.note([(location, sighting)]);
    }

    /// As if all of it had been so for a while, and partitions had been read all the time.
    async fn seconds_go_by(&self, seconds: u32) {
        self.execute(&format!(
            "UPDATE locations SET heard_at = heard_at - {seconds} * interval '1 second'; \
            UPDATE readings SET since = since - {seconds} * interval '1 second'"
        ))
        .await;
    }

    /// A receiver has been told what waits.
    async fn tell(&self) {
        self.execute(
            "WITH alert AS (INSERT INTO alerts (receiver, kind, content) VALUES ('operators', 'x', '{}') \
            RETURNING id) UPDATE outbox SET alert_id = alert.id FROM alert \
            WHERE alert_id IS NULL AND withheld IS NULL",
        )
        .await;
    }
}

#[tokio::test]
async fn a_silent_location_is_told_once_and_so_is_its_end() {
    let fixture = Fixture::new().await;
    fixture.hear("paris", 0);
    fixture.hear("rome", 0);
    fixture.round().await;
    // Not yet three intervals, and what a check may take; a busy machine adds seconds of its own.
    fixture.seconds_go_by(45).await;
    fixture.hear("rome", 1);
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0]);
    fixture.seconds_go_by(20).await;
    // Whoever looks first, and whoever looks again.
    let (one, other) = tokio::join!(fixture.watch.round(), fixture.watch.round());
    one.unwrap();
    other.unwrap();
    fixture.round().await;
    let told = fixture.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with(
            "operators silent of silence 1: nothing comes from the monitor at paris since "
        ),
        "{told:?}"
    );
    fixture.tell().await;
    // A spool that is read again does not end it before it comes near to now.
    fixture.hear("paris", 62);
    fixture.round().await;
    assert_eq!(fixture.told().await.len(), 2 - 1);
    fixture.hear("paris", 1);
    fixture.round().await;
    fixture.round().await;
    let told = fixture.told().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[1].starts_with(
            "operators heard of silence 1: the monitor at paris is heard again, after 1 min"
        ),
        "{told:?}"
    );
}

#[tokio::test]
async fn partitions_that_the_topic_has_no_more_are_not_waited_for() {
    let fixture = Fixture::new().await;
    fixture.hear("paris", 0);
    fixture.round().await;
    fixture.seconds_go_by(70).await;
    let round = async || {
        fixture.watch.heard.measured(3, None, Instant::now());
        fixture.watch.round().await.unwrap();
    };
    fixture.watch.heard.forget(4);
    fixture
        .execute("UPDATE readings SET until = until - interval '1 hour' WHERE partition = 4")
        .await;
    fixture.watch.heard.topic_has(5);
    round().await;
    assert_eq!(fixture.told().await, [""; 0], "the topic has partition 4");
    fixture.watch.heard.topic_has(4);
    round().await;
    assert_eq!(fixture.told().await.len(), 1);
}

#[tokio::test]
async fn nobody_is_silent_of_whom_nothing_could_be_read() {
    let fixture = Fixture::new().await;
    fixture.hear("paris", 0);
    fixture.round().await;
    let since = "UPDATE readings SET since = now() - interval '2 hours'";
    let long_ago = "UPDATE locations SET heard_at = heard_at - interval '1 hour'";
    // Nobody has read a partition for a while; who takes it over has just begun.
    let stood = "UPDATE readings SET until = until - interval '1 hour' WHERE partition = 4";
    fixture
        .execute(&format!("{long_ago}; {since}; {stood}"))
        .await;
    fixture.watch.heard.forget(4);
    fixture.watch.heard.measured(3, None, Instant::now());
    fixture.watch.round().await.unwrap();
    assert_eq!(fixture.told().await, [""; 0], "a partition is not read");
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0], "it is read since just now");
    // Kafka is away.
    fixture
        .execute("UPDATE readings SET until = now() - interval '2 hours'")
        .await;
    let kafka = fixture.health.condition("Kafka");
    kafka.fails("away");
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0], "Kafka cannot be read");
    // Records of an hour ago are still to be stored.
    kafka.holds();
    let hour_ago_ms = Timestamp::now().as_millisecond() - 3_600_000;
    fixture
        .watch
        .heard
        .measured(3, Some(hour_ago_ms), Instant::now());
    fixture.watch.heard.measured(4, None, Instant::now());
    fixture.watch.round().await.unwrap();
    assert_eq!(fixture.told().await, [""; 0], "there is a backlog");
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0], "it is over just now");
    fixture.execute(since).await;
    fixture.round().await;
    assert_eq!(fixture.told().await.len(), 1, "now it is");
}

#[tokio::test]
async fn what_is_over_or_forgotten_before_it_was_told_is_told_nobody() {
    let fixture = Fixture::new().await;
    fixture.hear("paris", 0);
    fixture.hear("rome", 0);
    fixture.round().await;
    fixture.seconds_go_by(70).await;
    fixture.round().await;
    fixture.hear("paris", 0);
    fixture.round().await;
    let told = fixture.told().await;
    assert!(
        told.len() == 2 && told.iter().any(|it| it.contains("over before it was told")),
        "{told:?}"
    );
    // One that was stopped for good is told as long as it is expected.
    fixture.tell().await;
    fixture
        .execute(
            "UPDATE locations SET heard_at = now() - interval '8 days' WHERE location = 'rome'",
        )
        .await;
    fixture.round().await;
    fixture.round().await;
    let told = fixture.told().await;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[2].ends_with("the monitor at rome has been silent for a week and is expected no more"),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_shortest_interval_is_that_of_websites_that_are_still_heard() {
    let fixture = Fixture::new().await;
    let hear = async |interval, seconds_ago: i64| {
        let at_ms = Timestamp::now().as_millisecond() - seconds_ago * 1000;
        fixture
            .watch
            .heard
            .note([("", Sighting { at_ms, interval })]);
        fixture.round().await;
        let statement = Statement::new("asking a test", "SELECT \"interval\" FROM locations");
        let row = async |client: &mut _| statement.query_one(client, &[]).await;
        fixture
            .database
            .attempt(row)
            .await
            .unwrap()
            .get::<_, f64>(0)
    };
    let is = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    is(hear(10.0, 300).await, 10.0);
    is(hear(60.0, 295).await, 10.0);
    is(hear(10.0, 290).await, 10.0);
    is(hear(60.0, 225).await, 10.0);
    is(hear(60.0, 150).await, 60.0);
    is(hear(5.0, 149).await, 5.0);
}

/// Four websites that are checked every minute from two locations, six minutes long; nothing that Paris checks from the
/// third minute until the fourth one answers, though Rome sees them.
const CHECKS: &str = "
    INSERT INTO websites (url) SELECT 'http://' || n || '.test/' FROM generate_series(1, 4) AS n;
    INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time, outcome, location, \
        witness, \"interval\")
    SELECT id, now() - (360 - minute * 60 - id) * interval '1 second', gen_random_uuid(), 200, 1, \
        CASE WHEN is_out THEN 'down' ELSE 'up' END, location, CASE WHEN is_out THEN 'down' END, 60
    FROM websites, generate_series(0, 5) AS minute, unnest(ARRAY['paris', 'rome']) AS location \
    CROSS JOIN LATERAL (SELECT location = 'paris' AND minute IN (2, 3)) AS seen (is_out);
    INSERT INTO locations SELECT location, now(), 60, now() FROM unnest(ARRAY['paris', 'rome']) AS location";

/// What batches note of those that are stored by some minute.
fn doubts(minutes: &str) -> String {
    format!(
        "INSERT INTO doubts (location, since, until) SELECT location, min(scheduled_at), max(scheduled_at) \
        FROM metrics WHERE witness = 'down' AND scheduled_at < now() - (360 - {minutes} * 60) * interval '1 second' \
        GROUP BY location"
    )
}

#[tokio::test]
async fn a_monitor_without_a_network_is_told_once_however_late_its_results_come() {
    let fixture = Fixture::new().await;
    fixture.execute(CHECKS).await;
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0]);
    // All of it came at once, and is over: told as that.
    fixture.execute(&doubts("6")).await;
    fixture.round().await;
    fixture.execute(&doubts("6")).await;
    fixture.round().await;
    assert_eq!(
        fixture.told().await,
        [
            "operators network of outage 1: the network of the monitor at paris was out for 1 min 3 s"
        ]
    );
}

#[tokio::test]
async fn a_network_that_is_out_is_told_and_so_is_that_it_is_back() {
    let fixture = Fixture::new().await;
    fixture.execute(CHECKS).await;
    fixture
        .execute("DELETE FROM metrics WHERE scheduled_at > now() - interval '150 seconds'")
        .await;
    // One website of four says nothing of the network.
    fixture
        .execute(&format!(
            "UPDATE metrics SET outcome = 'up', witness = NULL WHERE website_id > 1; {}",
            doubts("6")
        ))
        .await;
    fixture.round().await;
    assert_eq!(fixture.told().await, [""; 0]);
    fixture
        .execute(&format!(
            "UPDATE metrics SET outcome = 'down', witness = 'down' WHERE website_id > 2 \
            AND location = 'paris' AND scheduled_at > now() - interval '270 seconds'; {}",
            doubts("6")
        ))
        .await;
    for _ in 0..2 {
        fixture.round().await;
    }
    let told = fixture.told().await;
    assert_eq!(
        told,
        [
            "operators network of outage 1: the network of the monitor at paris is out: 3 of 4 sites fail there, \
        and no witness answers"
        ]
    );
    fixture.tell().await;
    fixture
        .execute(
            "INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time, outcome, \
            location, \"interval\") SELECT id, now() - interval '10 seconds', gen_random_uuid(), 200, 1, 'up', \
            'paris', 60 FROM websites",
        )
        .await;
    for _ in 0..2 {
        fixture.round().await;
    }
    let told = fixture.told().await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[1],
        "operators network_over of outage 1: the network of the monitor at paris was out for 1 min 3 s"
    );
}
