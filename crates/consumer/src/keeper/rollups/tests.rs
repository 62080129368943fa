//! Roll-ups against a recount by another query, on a real PostgreSQL.

use std::time::Duration;

use database::Database;
use jiff::{SignedDuration, Timestamp};
use messages::{OutcomeKind, Record};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::work::{Ages, Counting, Done};
use crate::{
    batch::{Batch, RawRecord},
    store::{BatchWriter, Chunk, Item, Written, expiry},
    testing::{self, record, writer},
};

const AT_ONCE: Ages = Ages {
    hour: Duration::ZERO,
    day: Duration::ZERO,
};
/// How many websites, hours and minutes of them the random records are of.
const WEBSITES: u64 = 4;
const HOURS: u64 = 60;
const MINUTES: u64 = 10;
const OUTCOMES: [OutcomeKind; 4] = [
    OutcomeKind::Up,
    OutcomeKind::Down,
    OutcomeKind::Missed,
    OutcomeKind::Skipped,
];
/// Hours of which the rows say something else: none.
const WRONG_HOURS: &str = "
    SELECT count(*) FROM (
        SELECT website_id, date_trunc('hour', scheduled_at, 'UTC') AS hour, location,
            count(*) FILTER (WHERE outcome = 'up') AS up, count(*) FILTER (WHERE outcome = 'down') AS down,
            count(*) FILTER (WHERE outcome = 'missed') AS missed,
            count(*) FILTER (WHERE outcome = 'skipped') AS skipped,
            60 * count(*) FILTER (WHERE outcome = 'down') AS down_time,
            coalesce(sum(response_time) FILTER (WHERE outcome = 'up'), 0) AS response_time
        FROM metrics GROUP BY 1, 2, 3) AS rows
    FULL JOIN (SELECT * FROM hours WHERE hour >= (SELECT min(scheduled_at) - interval '1 hour' FROM metrics))
        AS hours USING (website_id, hour, location)
    WHERE ROW(rows.up, rows.down, rows.missed, rows.skipped, rows.down_time)
        IS DISTINCT FROM ROW(hours.up, hours.down, hours.missed, hours.skipped, hours.down_time)
        OR abs(rows.response_time - hours.response_time) > 0.001
        OR hours.up <> (SELECT coalesce(sum(it), 0) FROM unnest(bucket_counts) AS it)";
/// Days that are not their hours.
const WRONG_DAYS: &str = "
    SELECT count(*) FROM (
        SELECT website_id, (hour AT TIME ZONE 'UTC')::date AS day, location, sum(up) AS up, sum(down) AS down,
            sum(missed) AS missed, sum(skipped) AS skipped, sum(down_time) AS down_time
        FROM hours GROUP BY 1, 2, 3) AS hours
    FULL JOIN days USING (website_id, day, location)
    WHERE ROW(hours.up, hours.down, hours.missed, hours.skipped, hours.down_time)
        IS DISTINCT FROM ROW(days.up, days.down, days.missed, days.skipped, days.down_time)
        OR days.up <> (SELECT coalesce(sum(it), 0) FROM unnest(bucket_counts) AS it)
        OR buckets <> ARRAY(SELECT DISTINCT unnest(buckets) FROM hours AS parts
            WHERE (parts.hour AT TIME ZONE 'UTC')::date = day AND parts.website_id = days.website_id
            AND parts.location = days.location ORDER BY 1)";

struct Fixture {
    writer: BatchWriter,
    client: Client,
    next_offset: i64,
    random: u64,
}

impl Fixture {
    async fn new() -> Self {
        let uri = testing::database().await;
        let writer = writer(&uri);
        database::prepare(writer.database()).await.unwrap();
        writer.offsets().begin_partition(0, 0).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self {
            writer,
            client,
            next_offset: 0,
            random: 7,
        }
    }

    fn database(&self) -> Database {
        self.writer.database().clone()
    }

    fn counting(&self) -> Counting {
        Counting::new(self.database(), AT_ONCE)
    }

    async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn write(&mut self, records: Vec<Record>) {
        let (from, mut batch) = (self.next_offset, Batch::default());
        let items = records.into_iter().enumerate().map(|(index, record)| {
            let offset = from + i64::try_from(index).unwrap();
            batch.push(RawRecord {
                offset,
                timestamp_ms: None,
                key: None,
                value: None,
            });
            let content = Ok(record);
            Item {
                index,
                offset,
                content,
            }
        });
        let items: Vec<_> = items.collect();
        self.next_offset += i64::try_from(items.len()).unwrap();
        let chunk = Chunk {
            partition: 0,
            from,
            to: self.next_offset,
            items,
            batch: &batch,
        };
        let mut written = self.writer.write(&chunk).await;
        // The partition of its day is gone.
        if written.is_err() {
            self.writer.refresh().await.unwrap();
            written = self.writer.write(&chunk).await;
        }
        assert!(matches!(written.unwrap(), Written::Now(_)));
    }

    /// A number below that.
    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = self.random.wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// A result of one of a few thousand checks, of which some are sent again, as another outcome, too.
    fn random_record(&mut self) -> Record {
        let [website, hour, minute] = [WEBSITES, HOURS, MINUTES].map(|it| self.random(it));
        let outcome = OUTCOMES[usize::try_from(self.random(4)).unwrap()];
        let minutes = i64::try_from(hour * 60 + minute).unwrap();
        let check = (website * HOURS + hour) * MINUTES + minute;
        Record {
            url: format!("http://{website}/").into(),
            check_id: Uuid::from_u128(u128::from(check)),
            scheduled_at: midnight() - SignedDuration::from_mins(minutes),
            location: ["here", "there"][usize::from(check.is_multiple_of(3))].into(),
            response_time: f64::from(u32::try_from(check).unwrap()) / 1000.0,
            ..record(1, outcome)
        }
    }

    async fn write_random(&mut self, count: usize) {
        let records = (0..count).map(|_| self.random_record()).collect();
        self.write(records).await;
    }

    /// Counts until nothing is left.
    async fn count_all(&self) {
        let mut counting = self.counting();
        for _ in 0..1000 {
            if counting.step().await.unwrap() == Done::Nothing {
                return;
            }
        }
        panic!("the roll-ups are never done");
    }

    async fn assert_exact(&self) {
        assert_eq!(self.number(WRONG_HOURS).await, 0, "hours");
        assert_eq!(self.number(WRONG_DAYS).await, 0, "days");
        let marks = "SELECT (SELECT count(*) FROM dirty_hours) + (SELECT count(*) FROM dirty_days)";
        assert_eq!(self.number(marks).await, 0, "marks");
    }
}

/// The last one.
fn midnight() -> Timestamp {
    let seconds = Timestamp::now().as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(86_400)).unwrap()
}

#[tokio::test]
async fn roll_ups_are_what_the_rows_say_after_late_results_and_kills() {
    let mut fixture = Fixture::new().await;
    for _ in 0..60 {
        let count = usize::try_from(fixture.random(40)).unwrap();
        fixture.write_random(count).await;
        // Killed at any moment, also between the counts and their commit.
        let moment = Duration::from_micros(fixture.random(20_000));
        let mut counting = fixture.counting();
        for _ in 0..2 {
            timeout(moment, counting.step()).await.ok();
        }
    }
    fixture.count_all().await;
    fixture.assert_exact().await;
    assert!(fixture.number("SELECT count(*) FROM hours").await > 100);
    // Two at once, while results come.
    let (mut one, mut other) = (fixture.counting(), fixture.counting());
    for _ in 0..20 {
        let (first, second, ()) = tokio::join!(one.step(), other.step(), fixture.write_random(10));
        first.unwrap();
        second.unwrap();
    }
    fixture.count_all().await;
    fixture.assert_exact().await;
}

#[tokio::test]
async fn roll_ups_outlive_their_rows() {
    let mut fixture = Fixture::new().await;
    fixture.write_random(400).await;
    let database = fixture.database();
    let yesterday = midnight() - SignedDuration::from_hours(24);
    let expired = expiry::expired_partitions(&database, yesterday).await;
    let expired = expired.unwrap();
    assert_eq!(expired.len(), 2);
    let mut dropped = Vec::new();
    for partition in &expired {
        dropped.push(expiry::drop_partition(&database, partition).await.unwrap());
    }
    assert_eq!(dropped, [false, false], "nothing is counted yet");
    fixture.count_all().await;
    fixture.assert_exact().await;
    let before =
        "SELECT count(*) FROM (SELECT * FROM hours EXCEPT SELECT * FROM hours_before) AS changed";
    let keep = "CREATE TABLE hours_before AS SELECT * FROM hours; CREATE TABLE days_before AS SELECT * FROM days";
    fixture.client.batch_execute(keep).await.unwrap();
    for partition in &expired {
        assert!(expiry::drop_partition(&database, partition).await.unwrap());
    }
    // A record that was read before its day was dropped is a row, and what its hour came to stays.
    let mut late = fixture.random_record();
    late.scheduled_at = yesterday - SignedDuration::from_mins(5);
    late.url = "http://0/".into();
    fixture.write(vec![late]).await;
    fixture.count_all().await;
    assert_eq!(fixture.number(before).await, 0);
    let days = before.replace("hours", "days");
    assert_eq!(fixture.number(&days).await, 0);
}

/// 450 websites with checks of all kinds within one hour.
const MANY: &str = "
    INSERT INTO websites (url, target) SELECT 'http://' || number || '/',
        CASE WHEN number % 2 = 0 THEN '{\"slow_after\": 1.5}'::jsonb ELSE '{\"slow_after\": \"soon\"}' END
    FROM generate_series(1, 450) AS number;
    CREATE TABLE checks (minute integer, code integer, outcome text, overloaded boolean, witness text,
        \"interval\" real, seconds real);
    INSERT INTO checks VALUES (0, 200, 'up', NULL, NULL, 60, 1), (1, 200, 'up', false, 'up', 60, 2),
        (2, 500, 'down', NULL, NULL, 30, 2), (3, 500, 'down', true, NULL, 60, 1), (4, 200, 'up', NULL, 'down', 60, 1),
        (5, -1, 'missed', NULL, NULL, 60, -1), (6, -1, 'skipped', NULL, NULL, 60, -1), (7, 399, NULL, NULL, NULL, NULL, 1),
        (8, 400, NULL, NULL, NULL, NULL, 1), (9, -1, NULL, NULL, NULL, NULL, -1),
        (10, -1, 'down', NULL, NULL, 60, 1), (11, 200, 'up', NULL, NULL, 60, 1), (12, 200, 'up', NULL, NULL, 60, 0),
        (13, 200, 'up', NULL, NULL, 60, 'NaN');
    CREATE TABLE any_day PARTITION OF metrics FOR VALUES FROM ('2026-11-01+00') TO ('2026-11-02+00');
    INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, outcome, overloaded, witness,
        \"interval\", response_time)
    SELECT id, '2026-11-01 23:00+00'::timestamptz + minute * interval '1 minute', gen_random_uuid(), code, outcome,
        overloaded, witness, \"interval\", seconds FROM websites CROSS JOIN checks;
    INSERT INTO maintenance_spans (website_id, starts_at, ends_at)
    SELECT id, '2026-11-01 23:10+00', '2026-11-01 23:12+00' FROM websites WHERE id % 2 = 1";

#[tokio::test]
async fn each_check_is_counted_once_as_what_it_became() {
    let fixture = Fixture::new().await;
    fixture.client.batch_execute(MANY).await.unwrap();
    assert_eq!(fixture.number("SELECT mark_all_hours()").await, 24);
    let mut counting = fixture.counting();
    let mut steps = Vec::new();
    for _ in 0..3 {
        steps.push(counting.step().await.unwrap());
    }
    assert_eq!(steps, [Done::Part, Done::Part, Done::Last], "200 at once");
    fixture.count_all().await;
    let kept = "SELECT count(*) FROM (SELECT website_id % 2, up, down, missed, skipped, maintenance, doubted, slow, \
        down_time FROM hours UNION ALL SELECT website_id % 2, up, down, missed, skipped, maintenance, doubted, slow, \
        down_time FROM days) AS counted WHERE ROW(counted.*) IS DISTINCT FROM CASE counted.\"?column?\" \
        WHEN 0 THEN ROW(0, 6, 4, 1, 1, 0, 2, 2, 210::real) ELSE ROW(1, 5, 3, 1, 1, 2, 2, 0, 150::real) END";
    let kept = kept.replacen("website_id % 2,", "(website_id % 2)::integer AS parity,", 2);
    let kept = kept.replace("counted.\"?column?\"", "counted.parity");
    assert_eq!(fixture.number(&kept).await, 0);
    let rows = "SELECT (SELECT count(*) FROM hours) + (SELECT count(*) FROM days)";
    assert_eq!(fixture.number(rows).await, 900);
}

#[tokio::test]
async fn rows_that_make_no_sense_hold_up_no_hour() {
    let mut fixture = Fixture::new().await;
    // What no index would hold, and what compresses to nothing would.
    let letters = (0..9000).map(|_| u8::try_from(fixture.random(90)).unwrap());
    let location: String = letters.map(|it| char::from(b'!' + it)).collect();
    let records = (1..=4).map(|number| Record {
        location: location.as_str().into(),
        interval: Some([3e38, 3e38, -3e38, 0.0][usize::from(number) - 1]),
        response_time: 3e38,
        scheduled_at: midnight() - SignedDuration::from_mins(i64::from(number)),
        ..record(number, OutcomeKind::Down)
    });
    let records = records.collect();
    fixture.write(records).await;
    fixture.count_all().await;
    let counted = "SELECT sum(down) FROM hours WHERE length(location) = 200";
    assert_eq!(fixture.number(counted).await, 4);
    // Two of 366 days, and two of a minute.
    let down_time = "SELECT sum(down_time)::bigint FROM days";
    assert_eq!(fixture.number(down_time).await, 2 * 31_622_400 + 120);
}

/// Days of which a view says something else than the rows: none.
const WRONG_VIEWS: &str = "
    SELECT count(*) FROM (
        SELECT website_id, (scheduled_at AT TIME ZONE 'UTC')::date AS day,
            count(*) FILTER (WHERE outcome = 'up') AS up, count(*) FILTER (WHERE outcome = 'down') AS down,
            percentile_disc(ARRAY[0.5, 0.9, 0.95, 0.99]) WITHIN GROUP (ORDER BY response_time)
                FILTER (WHERE outcome = 'up') AS exact
        FROM metrics GROUP BY 1, 2) AS rows
    FULL JOIN availability USING (website_id, day)
    LEFT JOIN percentiles USING (website_id, day)
    WHERE ROW(rows.up, rows.down) IS DISTINCT FROM ROW(availability.up, availability.down)
        OR abs(percent - 100.0 * rows.up / nullif(rows.up + rows.down, 0)) > 0.001
        OR rows.up > 0 AND day < current_date AND coalesce(greatest(abs(p50 / exact[1] - 1),
            abs(p90 / exact[2] - 1), abs(p95 / exact[3] - 1), abs(p99 / exact[4] - 1)), 1) > 0.01";

#[tokio::test]
async fn views_say_what_the_rows_say() {
    let mut fixture = Fixture::new().await;
    fixture.write_random(500).await;
    fixture.count_all().await;
    let days = "SELECT count(*) FROM percentiles WHERE checks > 5";
    assert!(fixture.number(days).await >= 8);
    assert_eq!(fixture.number(WRONG_VIEWS).await, 0);
    // Over any hours, all its locations together.
    let wrong = "SELECT count(*) FROM (SELECT website_id, count(*) AS checks, \
        percentile_disc(0.9) WITHIN GROUP (ORDER BY response_time) AS exact FROM metrics \
        WHERE outcome = 'up' AND scheduled_at >= current_date - interval '20 hours' \
        AND scheduled_at < current_date - interval '10 hours' GROUP BY website_id) AS rows \
        CROSS JOIN LATERAL response_percentiles(website_id, current_date - interval '20 hours', \
        current_date - interval '10 hours') AS said WHERE rows.checks <> said.checks OR abs(p90 / exact - 1) > 0.01";
    assert_eq!(fixture.number(wrong).await, 0);
    let empty = "SELECT checks FROM response_percentiles(1, '2001-01-01', '2001-01-02')";
    assert_eq!(fixture.number(empty).await, 0);
}

/// A website for each way to stand, named by it.
const STATUSES: &str = "
    INSERT INTO websites (url) VALUES ('up'), ('down'), ('partial'), ('maintenance'), ('silent'), ('retired'),
        ('unknown');
    INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, outcome, failure_reason, response_time,
        \"interval\")
    SELECT id, 'here', now() - CASE url WHEN 'silent' THEN interval '61 minutes' ELSE interval '1 minute' END,
        gen_random_uuid(), 200, CASE url WHEN 'retired' THEN 'skipped' ELSE 'up' END,
        CASE url WHEN 'retired' THEN 'target_removed' END, 1, 20 * 60
    FROM websites WHERE url <> 'unknown';
    INSERT INTO states (website_id, location, is_down, since, newest_at)
    SELECT id, 'here', url = 'down', now(), now() FROM websites WHERE url NOT IN ('partial', 'unknown');
    INSERT INTO states (website_id, location, is_down, since, newest_at, \"interval\")
    SELECT id, 'here', true, now() - interval '2 hours', now() - interval '50 minutes', 60 FROM websites WHERE url = 'partial'
    UNION ALL
    SELECT id, 'stopped', true, now() - interval '2 hours', now() - interval '50 minutes', 60 FROM websites WHERE url = 'up';
    INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, locations_down,
        locations_heard)
    SELECT id, now() - interval '1 hour', now(), gen_random_uuid(), 'here', 500, 1, 1 FROM websites WHERE url = 'down';
    INSERT INTO maintenance_spans (website_id, starts_at, ends_at)
    SELECT id, now() - interval '1 hour', now() + interval '1 hour' FROM websites WHERE url = 'maintenance'";

#[tokio::test]
async fn each_website_stands_as_its_newest_row_and_incident_say() {
    let fixture = Fixture::new().await;
    for hours in [0, 24] {
        let time = Timestamp::now() - SignedDuration::from_hours(hours);
        fixture.writer.make_days_ahead(time).await.unwrap();
    }
    fixture.client.batch_execute(STATUSES).await.unwrap();
    let wrong = "SELECT count(*) FILTER (WHERE status IS DISTINCT FROM url) + abs(count(*) - 7) FROM latest_status";
    assert_eq!(fixture.number(wrong).await, 0);
    let lasted = "SELECT count(*) FROM incident_log WHERE is_open AND lasted >= interval '1 hour' AND url = 'down'";
    assert_eq!(fixture.number(lasted).await, 1);
}

#[tokio::test]
async fn a_mark_is_taken_when_it_is_old_or_of_a_clock_that_was_set_back() {
    let mut fixture = Fixture::new().await;
    fixture.write_random(1).await;
    let ages = Ages {
        hour: Duration::from_mins(1),
        day: Duration::from_mins(10),
    };
    let mut counting = Counting::new(fixture.database(), ages);
    assert_eq!(counting.step().await.unwrap(), Done::Nothing, "it is young");
    let age = async |table: &str, by: &str| {
        let age = format!("UPDATE {table} SET created_at = now() {by}");
        fixture.client.batch_execute(&age).await.unwrap();
    };
    age("dirty_hours", "+ interval '1 day'").await;
    assert_eq!(counting.step().await.unwrap(), Done::Last);
    assert_eq!(counting.step().await.unwrap(), Done::Nothing);
    // No hour of the day is left to be counted: it need not wait longer than an hour does.
    age("dirty_days", "- interval '61 seconds'").await;
    assert_eq!(counting.step().await.unwrap(), Done::Last);
    fixture.assert_exact().await;
    // With one left, it waits.
    let mark = "INSERT INTO dirty_days (day, website_ids, created_at) \
        SELECT day, ARRAY[website_id], now() - interval '61 seconds' FROM days; \
        INSERT INTO dirty_hours (hour, website_ids) SELECT hour, ARRAY[website_id] FROM hours";
    fixture.client.batch_execute(mark).await.unwrap();
    assert_eq!(counting.step().await.unwrap(), Done::Nothing);
    age("dirty_days", "- interval '11 minutes'").await;
    assert_eq!(counting.step().await.unwrap(), Done::Last);
}

#[tokio::test]
async fn a_row_that_commits_while_its_hour_is_counted_is_counted_next() {
    let mut fixture = Fixture::new().await;
    let first = fixture.random_record();
    let second = Record {
        check_id: Uuid::from_u128(u128::MAX),
        ..first.clone()
    };
    fixture.write(vec![first]).await;
    // Whoever counts waits here, with the hour counted and its marks taken.
    let hold = "BEGIN; LOCK TABLE dirty_days IN SHARE MODE";
    fixture.client.batch_execute(hold).await.unwrap();
    let mut counting = fixture.counting();
    let (done, ()) = tokio::join!(counting.step(), async {
        let waits =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dirty_days'::regclass";
        while fixture.number(waits).await == 0 {}
        fixture.write(vec![second]).await;
        fixture.client.batch_execute("COMMIT").await.unwrap();
    });
    assert_eq!(done.unwrap(), Done::Last);
    assert_eq!(fixture.number("SELECT count(*) FROM dirty_hours").await, 1);
    fixture.count_all().await;
    fixture.assert_exact().await;
}
