//! Burns begin once and end once, on a real PostgreSQL.

use database::{Statement, begin};
use tokio_postgres::NoTls;

use super::{super::telling::Names, groups, look, round};
use crate::{alerts::GroupSlo, testing};

/// Websites of the same slo: one fails every sixth check now, one failed four times an hour ago, one has
/// failed twice, one fails in its maintenance window; one aims at nothing, one tells nobody.
const SITES: &str = "
    INSERT INTO websites (url, target) SELECT url, target::jsonb FROM (VALUES
        ('http://u:p@fast/', '{\"slo\": 99, \"name\": \"Fast\"}'), ('http://before/', '{\"slo\": 99}'),
        ('http://twice/', '{\"slo\": 99.9}'), ('http://worked-on/', '{\"slo\": 99}'), ('http://idle/', NULL),
        ('http://quiet/', '{\"slo\": 99, \"alerts\": [\"none\"]}'),
        ('http://named/', '{\"slo\": 99, \"alerts\": [\"team\", \"gone\"]}')) AS sites (url, target);
    INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, outcome, response_time)
    SELECT id, now() - minute * interval '1 minute', gen_random_uuid(), 200, CASE WHEN CASE url
        WHEN 'http://before/' THEN minute BETWEEN 50 AND 58 WHEN 'http://twice/' THEN minute IN (2, 4)
        ELSE minute % 3 = 1 END THEN 'down' ELSE 'up' END, 1
    FROM websites CROSS JOIN generate_series(1, 59) AS minute;
    INSERT INTO maintenance_spans (website_id, starts_at, ends_at)
    SELECT id, now() - interval '2 hours', now() + interval '1 hour' FROM websites WHERE url = 'http://worked-on/'";

/// A partition for each of so many days, today among them.
const MANY_DAYS: &str = "DO $$ BEGIN FOR day IN -60..1 LOOP \
    EXECUTE format('CREATE TABLE %I PARTITION OF metrics FOR VALUES FROM (%L) TO (%L)', 'day' || day, \
        date_trunc('day', now(), 'UTC') + day * interval '1 day', \
        date_trunc('day', now(), 'UTC') + (day + 1) * interval '1 day'); END LOOP; END $$";
/// Whoever plans for a partition locks it until the transaction ends.
const LOCKED: &str = "SELECT count(*) FROM pg_locks JOIN pg_inherits ON inhrelid = relation \
    WHERE pid = pg_backend_pid() AND inhparent = 'metrics'::regclass";

/// All is well again, and the team has been told of what was not.
const OVER_AND_TOLD: &str = "UPDATE metrics SET outcome = 'up'; \
    INSERT INTO alerts (receiver, kind, content) VALUES ('team', 'burn', '{}'); \
    UPDATE outbox SET alert_id = alerts.id FROM alerts WHERE outbox.receiver = 'team'";

#[tokio::test]
async fn a_budget_that_is_spent_fast_is_told_once_and_so_is_its_end() {
    let uri = testing::database().await;
    let writer = testing::writer(&uri);
    database::prepare(writer.database()).await.unwrap();
    let now = jiff::Timestamp::now();
    let yesterday = now - jiff::SignedDuration::from_hours(24);
    for time in [yesterday, now] {
        writer.make_days_ahead(time).await.unwrap();
    }
    let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(SITES).await.unwrap();
    let is = async |expected: &str| {
        let row = client.query_one(expected, &[]).await.unwrap();
        assert!(row.get::<_, bool>(0), "{expected}");
    };
    let names = Names {
        all: vec!["operators".into(), "team".into()],
        defaults: vec!["operators".into()],
    };
    // Twice, and by two at once.
    for _ in 0..2 {
        let (one, other) = tokio::join!(
            round(writer.database(), &names),
            round(writer.database(), &names)
        );
        one.unwrap();
        other.unwrap();
    }
    // Both rules are met.
    is(
        "SELECT count(*) = 6 AND count(DISTINCT url) = 3 AND bool_and(url ~ 'fast|quiet|named') \
        FROM burns JOIN websites ON websites.id = website_id",
    )
    .await;
    is("SELECT array_agg(receiver || ' ' || url ORDER BY receiver) = ARRAY['operators http://u:p@fast/', \
        'operators http://u:p@fast/', 'team http://named/', 'team http://named/'] \
        FROM outbox JOIN websites ON websites.id = website_id WHERE kind = 'burn'").await;
    is("SELECT bool_and(content::text NOT LIKE '%u:p@%') AND bool_or(content ->> 'what' LIKE '%14.4 times%') \
        FROM outbox").await;
    // It says all that the notifier wants to know.
    let first = "SELECT content::text FROM outbox JOIN websites ON websites.id = website_id \
        WHERE url ~ 'fast' ORDER BY outbox.id LIMIT 1";
    let content: String = client.query_one(first, &[]).await.unwrap().get(0);
    let news: notify::News = serde_json::from_str(&content).unwrap();
    assert_eq!(
        (&*news.sites[0].name, &*news.sites[0].url),
        ("Fast", "http://***@fast/")
    );
    assert!(news.since.is_some() && !news.is_over && news.key.starts_with("burn "));
    // Only the team was told by the time that it is over.
    client.batch_execute(OVER_AND_TOLD).await.unwrap();
    for _ in 0..2 {
        round(writer.database(), &names).await.unwrap();
    }
    is("SELECT count(*) = 6 AND bool_and(ended_at IS NOT NULL) FROM burns").await;
    is("SELECT count(*) = 2 AND bool_and(receiver = 'team') FROM outbox WHERE kind = 'burn_over'")
        .await;
    is("SELECT count(*) = 2 AND bool_and(receiver = 'operators') FROM outbox WHERE withheld IS NOT NULL").await;
}

/// Two shops that fail now and then, one of them in its maintenance window; a blog that is well.
const GROUPS: &str = "
    INSERT INTO websites (url, target) SELECT 'http://' || n || '/', jsonb_build_object('group', of_group) FROM (VALUES
        (1, 'Shop'), (2, 'Shop'), (3, 'Blog'), (4, 'Shop')) AS sites (n, of_group);
    INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, outcome, response_time)
    SELECT id, now() - minute * interval '1 minute', gen_random_uuid(), 200,
        CASE WHEN minute % 3 = 1 AND id IN (1, 4) THEN 'down' ELSE 'up' END, 1
    FROM websites CROSS JOIN generate_series(1, 59) AS minute;
    INSERT INTO maintenance_spans (website_id, starts_at, ends_at)
    VALUES (4, now() - interval '2 hours', now() + interval '1 hour')";

#[tokio::test]
async fn years_of_days_cost_no_more_than_the_last_hours() {
    let uri = testing::database().await;
    let writer = testing::writer(&uri);
    database::prepare(writer.database()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(MANY_DAYS).await.unwrap();
    let locked = writer.database().attempt(async |client| {
        let transaction = begin(client).await?;
        look(&transaction).await?;
        let count = Statement::new("counting locks", LOCKED);
        let row = count.query_one(&transaction, &[]).await?;
        Ok(row.get::<_, i64>(0))
    });
    let locked = locked.await.unwrap();
    assert!(
        (1..10).contains(&locked),
        "{locked} partitions are planned for"
    );
}

#[tokio::test]
async fn the_budget_of_a_group_is_that_of_its_websites_together() {
    let uri = testing::database().await;
    let writer = testing::writer(&uri);
    database::prepare(writer.database()).await.unwrap();
    let now = jiff::Timestamp::now();
    for time in [now - jiff::SignedDuration::from_hours(24), now] {
        writer.make_days_ahead(time).await.unwrap();
    }
    let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(GROUPS).await.unwrap();
    let names = Names {
        all: vec!["operators".into(), "team".into()],
        defaults: vec!["operators".into()],
    };
    let aim = async |slos: &[(&str, f64)]| {
        let slos = slos.iter().map(|(group, percent)| GroupSlo {
            group: (*group).to_owned(),
            percent: *percent,
        });
        let slos: Vec<_> = slos.collect();
        let aimed = async |client: &mut _| groups::aim(client, &slos).await;
        writer.database().attempt(aimed).await.unwrap();
        for _ in 0..2 {
            round(writer.database(), &names).await.unwrap();
        }
        let told = "SELECT coalesce(string_agg(receiver || ' ' || kind || ': ' || (content ->> 'what'), '; ' \
            ORDER BY id), '') FROM outbox WHERE withheld IS NULL";
        client
            .query_one(told, &[])
            .await
            .unwrap()
            .get::<_, String>(0)
    };
    // Every sixth check of the shops fails, 17 times as many as one in a hundred; no shop alone aims at anything.
    assert_eq!(aim(&[("Shop", 97.0), ("Blog", 99.0)]).await, "");
    let told = aim(&[("Shop", 99.0), ("Blog", 99.0)]).await;
    assert_eq!(
        told,
        "operators burn: the group Shop spends its error budget over 14.4 times as fast as its slo of 99 % allows; \
        operators burn: the group Shop spends its error budget over 6 times as fast as its slo of 99 % allows"
    );
    // Nobody aims at anything any more, before anybody was told.
    assert_eq!(aim(&[]).await, "");
    let left = "SELECT count(*) FROM burns WHERE ended_at IS NULL";
    let left: i64 = client.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}
