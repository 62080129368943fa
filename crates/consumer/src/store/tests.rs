//! The store against a real PostgreSQL, a database for each test.

use database::{Action, DatabaseError, PrepareError, begin};
use jiff::Timestamp;
use messages::{OutcomeKind, Record};
use tokio_postgres::{Client, NoTls};

use super::{row::Fate, *};
use crate::{
    batch::{Batch, RawRecord},
    testing::{self, record, writer},
};

const PARTITION: i32 = 3;

/// A database of a test's own, and a writer on it.
struct Fixture {
    uri: String,
    writer: BatchWriter,
    client: Client,
}

impl Fixture {
    /// With the tables made, and a partition that begins at 0.
    async fn prepared() -> Self {
        let fixture = Self::empty().await;
        database::prepare(fixture.writer.database()).await.unwrap();
        fixture
            .writer
            .offsets()
            .begin_partition(PARTITION, 0)
            .await
            .unwrap();
        fixture
    }

    async fn empty() -> Self {
        let uri = testing::database().await;
        Self {
            writer: writer(&uri),
            client: connect(&uri).await,
            uri,
        }
    }

    async fn execute(&self, statements: &str) {
        self.client.batch_execute(statements).await.unwrap();
    }

    async fn value<T: tokio_postgres::types::FromSqlOwned>(&self, query: &str) -> T {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Writes records that follow each other.
    async fn write(&self, from: i64, records: Vec<Content>) -> Result<Written, DatabaseError> {
        let to = from + i64::try_from(records.len()).unwrap();
        self.write_to(from, to, records).await
    }

    async fn write_to(
        &self,
        from: i64,
        to: i64,
        records: Vec<Content>,
    ) -> Result<Written, DatabaseError> {
        let mut batch = Batch::default();
        let items = items(from, records, &mut batch);
        let chunk = Chunk {
            partition: PARTITION,
            from,
            to,
            items,
            batch: &batch,
        };
        self.writer.write(&chunk).await
    }

    /// What would become of records, in a transaction that is given up.
    async fn fates(&self, records: Vec<Content>) -> Vec<Fate> {
        let mut batch = Batch::default();
        let chunk = Chunk {
            partition: PARTITION,
            from: 0,
            to: i64::try_from(records.len()).unwrap(),
            items: items(0, records, &mut batch),
            batch: &batch,
        };
        let fates = self.writer.database().attempt(async |client| {
            let mut work = self.writer.look_up(client, &chunk).await?;
            let transaction = begin(client).await?;
            rows::store(&transaction, &mut work).await?;
            Ok(work.stored.iter().map(|it| it.fate).collect())
        });
        fates.await.unwrap()
    }
}

type Content = Result<Record, Refusal>;

/// Records that follow each other, with their bytes in a batch.
fn items(from: i64, records: Vec<Content>, batch: &mut Batch) -> Vec<Item> {
    let records = records.into_iter().zip(from..).enumerate();
    let items = records.map(|(index, (content, offset))| {
        batch.push(RawRecord {
            offset,
            timestamp_ms: Some(1_764_000_000_000),
            key: None,
            value: Some(b"value"),
        });
        Item {
            index,
            offset,
            content,
        }
    });
    items.collect()
}

async fn connect(uri: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a list of these holds refusals as well"
)]
fn up(number: u8) -> Content {
    Ok(record(number, OutcomeKind::Up))
}

fn refused() -> Content {
    Err(Refusal::new("not_json", "no JSON"))
}

fn counts(rows: i64, duplicates: i64, replaced: i64) -> Counts {
    Counts {
        rows,
        duplicates,
        replaced,
        ..Counts::default()
    }
}

#[tokio::test]
async fn a_chunk_becomes_rows_dead_letters_and_a_moved_offset_together() {
    let fixture = Fixture::prepared().await;
    let written = fixture.write_to(0, 5, vec![up(1), refused(), up(2)]).await;
    let expected = Counts {
        rows: 2,
        dead_letters: 1,
        gaps: 2,
        ..Counts::default()
    };
    assert_eq!(written.unwrap(), Written::Now(expected));
    let account =
        "SELECT next_offset = 5 AND rows = 2 AND dead_letters = 1 AND gaps = 2 FROM offsets";
    assert!(fixture.value::<bool>(account).await);
    let letter =
        "SELECT \"offset\" = 1 AND value = 'value' AND reason = 'not_json' FROM dead_letters";
    assert!(fixture.value::<bool>(letter).await);
}

#[tokio::test]
async fn only_the_owner_of_the_stored_offset_writes() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1), up(2)]).await.unwrap();
    // The reply to our own commit was lost: the same again.
    let again = fixture.write(0, vec![up(1), up(2)]).await.unwrap();
    assert_eq!(again, Written::Before);
    // Another owner was here, or a backup was restored.
    for from in [0, 5] {
        let elsewhere = fixture.write(from, vec![up(3)]).await.unwrap();
        assert_eq!(elsewhere, Written::Elsewhere, "{from}");
    }
    fixture.execute("DELETE FROM offsets").await;
    assert_eq!(
        fixture.write(2, vec![up(3)]).await.unwrap(),
        Written::Elsewhere
    );
    assert_eq!(
        fixture.value::<i64>("SELECT count(*) FROM metrics").await,
        2
    );
}

#[tokio::test]
async fn a_check_is_one_row_and_a_missed_one_gives_way() {
    let missed = |number| Ok(record(number, OutcomeKind::Missed));
    let down = |number| Ok(record(number, OutcomeKind::Down));
    let fixture = Fixture::prepared().await;
    let first = fixture.write(0, vec![up(1), up(1), missed(2), down(2), missed(3)]);
    assert_eq!(first.await.unwrap(), Written::Now(counts(3, 1, 1)));
    let second = fixture.write(5, vec![missed(1), up(2), up(3), missed(3)]);
    assert_eq!(second.await.unwrap(), Written::Now(counts(0, 3, 1)));
    let outcomes = "SELECT string_agg(outcome, ',' ORDER BY check_id) FROM metrics";
    assert_eq!(fixture.value::<String>(outcomes).await, "up,down,up");
}

#[tokio::test]
async fn of_each_record_is_known_whether_it_is_new_replaces_or_repeats() {
    use Fate::{New, Repeat, Replaced};
    let missed = |number| Ok(record(number, OutcomeKind::Missed));
    let down = |number| Ok(record(number, OutcomeKind::Down));
    let fixture = Fixture::prepared().await;
    let first = vec![
        up(1),
        up(1),
        missed(2),
        missed(2),
        down(2),
        up(2),
        missed(3),
    ];
    let fates = fixture.fates(first).await;
    assert_eq!(fates, [New, Repeat, New, Repeat, Replaced, Repeat, New]);
    let stored = vec![up(1), missed(2), missed(3), missed(4)];
    fixture.write(0, stored).await.unwrap();
    // What is there may be met by what is new, before it, behind it, and several times.
    let second = vec![
        missed(5),
        missed(2),
        up(2),
        down(1),
        up(6),
        missed(3),
        up(4),
        down(4),
    ];
    let fates = fixture.fates(second).await;
    let expected = [New, Repeat, Replaced, Repeat, New, Repeat, Replaced, Repeat];
    assert_eq!(fates, expected);
}

#[tokio::test]
async fn the_newest_record_names_the_pattern() {
    let at = |scheduled_at: &str, pattern: &str| {
        let mut record = record(1, OutcomeKind::Up);
        record.scheduled_at = time(scheduled_at);
        record.regex_pattern = pattern.into();
        Ok(record)
    };
    let fixture = Fixture::prepared().await;
    let pattern = async || fixture.value::<String>("SELECT regexp FROM websites").await;
    fixture
        .write(0, vec![at("2026-11-25T03:00:00Z", "first")])
        .await
        .unwrap();
    assert_eq!(pattern().await, "first");
    let changes = vec![
        at("2026-11-25T03:02:00Z", "third"),
        at("2026-11-25T03:01:00Z", "second"),
    ];
    fixture.write(1, changes).await.unwrap();
    assert_eq!(pattern().await, "third");
    fixture
        .write(3, vec![at("2026-11-25T02:00:00Z", "zeroth")])
        .await
        .unwrap();
    assert_eq!(pattern().await, "third", "a late record changes nothing");
    fixture.writer.forget_websites();
    fixture
        .write(4, vec![at("2026-11-25T02:30:00Z", "zeroth")])
        .await
        .unwrap();
    assert_eq!(pattern().await, "third", "nor does it after a restart");
}

#[tokio::test]
async fn any_url_of_2048_characters_is_a_website() {
    let fixture = Fixture::prepared().await;
    let urls = ['a', 'ü', '\u{1d11e}'].map(|char| char.to_string().repeat(2048));
    // Random enough not to be compressed below what a btree entry holds.
    let mixed: String = (0..2048_u32)
        .map(|at| char::from_u32(0x4e00 + at * 7919 % 20_000).unwrap())
        .collect();
    let records = urls.iter().chain([&mixed]).map(|url| {
        let mut record = record(1, OutcomeKind::Up);
        record.url = url.as_str().into();
        Ok(record)
    });
    let written = fixture.write(0, records.collect()).await.unwrap();
    assert_eq!(written, Written::Now(counts(4, 0, 0)));
    let again = format!("INSERT INTO websites (url) VALUES ('{mixed}')");
    let refused = fixture.client.batch_execute(&again).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23P01", "urls are unique");
}

#[tokio::test]
async fn looking_up_websites_burns_no_ids() {
    let fixture = Fixture::prepared().await;
    for (offset, number) in (0..).zip(1..=5) {
        fixture.writer.forget_websites();
        fixture.write(offset, vec![up(number)]).await.unwrap();
    }
    let next = "SELECT nextval(pg_get_serial_sequence('websites', 'id'))";
    assert_eq!(fixture.value::<i64>(next).await, 2);
}

#[tokio::test]
async fn what_vanished_is_read_anew_and_condemns_no_record() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    let harms = [
        "DELETE FROM metrics; DELETE FROM websites",
        "DO $$ BEGIN EXECUTE (SELECT 'DROP TABLE ' || inhrelid::regclass FROM pg_inherits \
         WHERE inhparent = 'metrics'::regclass LIMIT 1); END $$",
    ];
    for (from, harm) in (1..).zip(harms) {
        fixture.execute(harm).await;
        let error = fixture.write(from, vec![up(2)]).await.unwrap_err();
        assert_eq!(error.action(), Action::Refresh, "{harm}: {error:?}");
        fixture.writer.refresh().await.unwrap();
        let written = fixture.write(from, vec![up(2)]).await.unwrap();
        assert_eq!(written, Written::Now(counts(1, 0, 0)), "{harm}");
    }
    // The whole database, emptied: the tables are made again.
    fixture.execute("DROP OWNED BY CURRENT_USER").await;
    let error = fixture.write(3, vec![up(2)]).await.unwrap_err();
    assert_eq!(error.action(), Action::Refresh, "{error:?}");
    fixture.writer.refresh().await.unwrap();
    assert_eq!(
        fixture.write(3, vec![up(2)]).await.unwrap(),
        Written::Elsewhere
    );
}

#[tokio::test]
async fn a_row_that_postgresql_refuses_is_told_from_an_outage() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute("ALTER TABLE metrics ADD CONSTRAINT sane CHECK (response_time < 1000)")
        .await;
    let mut slow = record(1, OutcomeKind::Up);
    slow.response_time = 1e6;
    let error = fixture.write(0, vec![Ok(slow)]).await.unwrap_err();
    assert_eq!(error.action(), Action::Isolate, "{error:?}");
    fixture
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    for _ in 0..10 {
        match fixture.write(0, vec![up(1)]).await {
            Ok(written) => return assert_eq!(written, Written::Now(counts(1, 0, 0))),
            Err(error) => assert_eq!(error.action(), Action::Reconnect, "{error:?}"),
        }
    }
    panic!("a new connection is made");
}

#[tokio::test]
async fn a_void_statement_costs_a_new_connection() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    // Its result has another type now: "cached plan must not change result type" (0A000).
    let to = |name| format!("ALTER TABLE offsets ALTER COLUMN next_offset TYPE {name}");
    fixture.execute(&to("integer")).await;
    let error = fixture.write(1, vec![up(2)]).await.unwrap_err();
    assert_eq!(error.action(), Action::Reconnect, "{error:?}");
    fixture.execute(&to("bigint")).await;
    let written = fixture.write(1, vec![up(2)]).await.unwrap();
    assert_eq!(written, Written::Now(counts(1, 0, 0)));
}

#[tokio::test]
async fn partitions_are_made_where_they_are_missing() {
    let fixture = Fixture::prepared().await;
    // Somebody's detached partition is his; somebody's month covers its days.
    fixture
        .execute(
            "CREATE TABLE metrics_20200101 (LIKE metrics); \
             CREATE TABLE may PARTITION OF metrics FOR VALUES FROM ('2020-05-01+00') TO ('2020-06-01+00')",
        )
        .await;
    let due = |text: &str, number| {
        let mut record = record(number, OutcomeKind::Up);
        record.scheduled_at = time(text);
        Ok(record)
    };
    let records = vec![
        due("2000-01-01T00:00:00Z", 1),
        due("2020-01-01T23:59:59.999999Z", 2),
        due("2020-05-05T00:00:00Z", 3),
        due("2020-07-07T12:00:00Z", 4),
    ];
    let written = fixture.write(0, records).await.unwrap();
    assert_eq!(written, Written::Now(counts(4, 0, 0)));
    let tables =
        "SELECT string_agg(tableoid::regclass::text, ' ' ORDER BY scheduled_at) FROM metrics";
    assert_eq!(
        fixture.value::<String>(tables).await,
        "metrics_20000101 metrics_20200101_2 may metrics_20200707"
    );
}

#[tokio::test]
async fn two_prepare_an_empty_database_at_the_same_time() {
    let fixture = Fixture::empty().await;
    let other = writer(&fixture.uri);
    let (one, two) = tokio::join!(
        database::prepare(fixture.writer.database()),
        database::prepare(other.database())
    );
    one.unwrap();
    two.unwrap();
    let now = Timestamp::now();
    let (one, two) = tokio::join!(
        fixture.writer.make_days_ahead(now),
        other.make_days_ahead(now)
    );
    one.unwrap();
    two.unwrap();
}

#[tokio::test]
async fn databases_that_are_not_for_us_are_refused() {
    let refusal = async |fixture: &Fixture| match database::prepare(fixture.writer.database()).await
    {
        Err(PrepareError::Refused(refused)) => refused.to_string(),
        other => panic!("not refused: {other:?}"),
    };
    let originals = Fixture::empty().await;
    originals.execute("CREATE TABLE websites (id serial)").await;
    assert!(refusal(&originals).await.contains("original"));

    let newer = Fixture::prepared().await;
    newer
        .execute(
            "INSERT INTO websites_monitor_migrations \
             SELECT 999, 'later', applied_on, checksum FROM websites_monitor_migrations",
        )
        .await;
    assert!(refusal(&newer).await.contains("newer consumer"));

    let latin = Fixture::empty().await;
    latin
        .execute("CREATE DATABASE latin_one ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        .await;
    let uri = latin.uri.rsplit_once('/').unwrap().0.to_owned() + "/latin_one";
    let latin = Fixture {
        writer: writer(&uri),
        ..latin
    };
    assert!(refusal(&latin).await.contains("LATIN1"));
}

#[tokio::test]
async fn a_dead_letter_is_stored_once() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![refused()]).await.unwrap();
    fixture.execute("UPDATE offsets SET next_offset = 0").await;
    fixture.write(0, vec![refused()]).await.unwrap();
    assert_eq!(
        fixture
            .value::<i64>("SELECT count(*) FROM dead_letters")
            .await,
        1
    );
}

#[tokio::test]
async fn the_account_survives_lost_records_and_a_topic_made_anew() {
    let fixture = Fixture::prepared().await;
    fixture.write(0, vec![up(1)]).await.unwrap();
    fixture
        .writer
        .offsets()
        .skip_lost(PARTITION, 1, 10)
        .await
        .unwrap();
    fixture
        .writer
        .offsets()
        .skip_lost(PARTITION, 1, 20)
        .await
        .unwrap();
    assert_eq!(
        fixture
            .writer
            .offsets()
            .stored_offset(PARTITION)
            .await
            .unwrap(),
        Some(10)
    );
    let account = "SELECT next_offset - start_offset = \
                   rows + duplicates + replaced + dead_letters + gaps FROM offsets";
    assert!(fixture.value::<bool>(account).await);
    fixture
        .writer
        .offsets()
        .begin_anew(PARTITION, 10, 4)
        .await
        .unwrap();
    assert_eq!(
        fixture
            .writer
            .offsets()
            .stored_offset(PARTITION)
            .await
            .unwrap(),
        Some(4)
    );
    assert!(fixture.value::<bool>(account).await);
}
