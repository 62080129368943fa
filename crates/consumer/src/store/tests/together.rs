//! Chunks of several partitions in one transaction.

use jiff::SignedDuration;
use messages::{OutcomeKind, Record};

use super::fixture::{Content, Fixture, PARTITION, counts, items, refused};
use crate::{
    batch::Batch,
    store::chunk::{Chunk, Counts, Item, Written},
    testing::record,
};

const OTHER: i32 = PARTITION + 1;

/// Two partitions that begin at 0.
async fn prepared() -> Fixture {
    let fixture = Fixture::prepared().await;
    let offsets = fixture.writer.offsets();
    offsets.begin_partition(OTHER, 0).await.unwrap();
    fixture
}

/// A result of a website; a higher number is a later check.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a list of these holds refusals as well"
)]
fn result(url: &str, number: u8, outcome: OutcomeKind) -> Content {
    let record = record(number, outcome);
    Ok(Record {
        url: url.into(),
        scheduled_at: record.scheduled_at + SignedDuration::from_secs(number.into()),
        ..record
    })
}

/// Writes records of partitions, each from its stored offset on.
async fn write(fixture: &Fixture, of: [(i32, i64, Vec<Content>); 2]) -> Option<Vec<Counts>> {
    let mut batches = [Batch::default(), Batch::default()];
    let [first, second] = &mut batches;
    let lists = of.into_iter().zip([first, second]);
    let lists: Vec<_> = lists
        .map(|((partition, from, records), batch)| (partition, from, items(from, records, batch)))
        .collect();
    let chunks = lists.into_iter().zip(&batches);
    let chunks: Vec<_> = chunks.map(|(list, batch)| chunk(list, batch)).collect();
    fixture.writer.write_together(&chunks).await.unwrap()
}

/// Writes records of one partition.
async fn write_alone(
    fixture: &Fixture,
    partition: i32,
    from: i64,
    records: Vec<Content>,
) -> Written {
    let mut batch = Batch::default();
    let list = (partition, from, items(from, records, &mut batch));
    fixture.writer.write(&chunk(list, &batch)).await.unwrap()
}

fn chunk((partition, from, items): (i32, i64, Vec<Item>), batch: &Batch) -> Chunk<'_> {
    Chunk {
        partition,
        from,
        to: from + i64::try_from(items.len()).unwrap(),
        items,
        batch,
    }
}

/// What is stored: offsets in the partitions' order, transactions that stored rows, rows.
async fn stored(fixture: &Fixture) -> (Vec<i64>, i64, i64) {
    let sql = "SELECT (SELECT array_agg(next_offset ORDER BY partition) FROM offsets), \
               count(DISTINCT xmin::text), count(*) FROM metrics";
    let row = fixture.client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn each_partition_has_its_own_account_and_all_happens_in_one_transaction() {
    let fixture = prepared().await;
    let ours = vec![
        result("http://a/", 1, OutcomeKind::Up),
        refused(),
        result("http://a/", 1, OutcomeKind::Up),
    ];
    let others = vec![
        result("http://b/", 1, OutcomeKind::Down),
        result("http://b/", 2, OutcomeKind::Down),
    ];
    let written = write(&fixture, [(PARTITION, 0, ours), (OTHER, 0, others)]).await;
    let dead_letter = Counts {
        dead_letters: 1,
        ..counts(1, 1, 0)
    };
    assert_eq!(written, Some(vec![dead_letter, counts(2, 0, 0)]));
    assert_eq!(stored(&fixture).await, (vec![3, 2], 1, 3));
    let accounts = "SELECT array_agg(rows || ' ' || duplicates || ' ' || dead_letters ORDER BY partition) \
                    FROM offsets";
    let accounts: Vec<String> = fixture.value(accounts).await;
    assert_eq!(accounts, ["1 1 1", "2 0 0"]);
    let incidents = "SELECT count(*) FROM incidents JOIN websites ON websites.id = website_id \
                     WHERE url = 'http://b/'";
    assert_eq!(fixture.value::<i64>(incidents).await, 1);

    // What is remembered of both goes on; and repeats are settled together, too.
    let ours = vec![result("http://a/", 1, OutcomeKind::Up)];
    let others = vec![
        result("http://b/", 2, OutcomeKind::Down),
        result("http://b/", 3, OutcomeKind::Up),
    ];
    let written = write(&fixture, [(PARTITION, 3, ours), (OTHER, 2, others)]).await;
    assert_eq!(written, Some(vec![counts(0, 1, 0), counts(1, 1, 0)]));
    assert_eq!(stored(&fixture).await, (vec![4, 4], 2, 4));
    let open = "SELECT count(*) FROM incidents WHERE closed_at IS NULL";
    assert_eq!(fixture.value::<i64>(open).await, 0);
}

#[tokio::test]
async fn nothing_is_stored_where_one_stored_offset_is_elsewhere() {
    let fixture = prepared().await;
    for (ours, others) in [(0, 7), (7, 0)] {
        let record = |url| vec![result(url, 1, OutcomeKind::Up)];
        let ours = (PARTITION, ours, record("http://a/"));
        let others = (OTHER, others, record("http://b/"));
        assert_eq!(write(&fixture, [ours, others]).await, None);
        assert_eq!(stored(&fixture).await, (vec![0, 0], 0, 0));
    }
    // Twice the same partition: one offset can not be moved by both.
    let record = |number| vec![result("http://a/", number, OutcomeKind::Up)];
    let twice = [(PARTITION, 0, record(1)), (PARTITION, 0, record(2))];
    assert_eq!(write(&fixture, twice).await, None);
    assert_eq!(stored(&fixture).await, (vec![0, 0], 0, 0));
}

#[tokio::test]
async fn a_website_that_comes_through_both_partitions_is_decided_once() {
    let fixture = prepared().await;
    let up = |number| vec![result("http://a/", number, OutcomeKind::Up)];
    // It moves from one to the other until it has no home; each batch is then tried by itself.
    let mut next = 0;
    for number in (1..9).step_by(2) {
        let both = [(PARTITION, next, up(number)), (OTHER, next, up(number + 1))];
        if write(&fixture, both).await.is_none() {
            for (partition, number) in [(PARTITION, number), (OTHER, number + 1)] {
                let alone = write_alone(&fixture, partition, next, up(number)).await;
                assert_eq!(alone, Written::Now(counts(1, 0, 0)));
            }
        }
        next += 1;
    }
    let homeless = "SELECT moves >= 3 FROM homes";
    assert!(fixture.value::<bool>(homeless).await);
    // One down result in each partition: together they are two in a row, by the order in which their
    // checks were due, whichever partition comes first.
    let one_each = |next, outcome, [ours, others]: [u8; 2]| {
        let result = |number| vec![result("http://a/", number, outcome)];
        [
            (PARTITION, next, result(ours)),
            (OTHER, next, result(others)),
        ]
    };
    let open = "SELECT count(*) FROM incidents WHERE closed_at IS NULL";
    for (round, [ours, others]) in (0..).step_by(2).zip([[20, 21], [31, 30]]) {
        let down = one_each(next + round, OutcomeKind::Down, [ours, others]);
        assert_eq!(write(&fixture, down).await, Some(vec![counts(1, 0, 0); 2]));
        assert_eq!(fixture.value::<i64>(open).await, 1, "{ours} and {others}");
        let up = one_each(next + round + 1, OutcomeKind::Up, [ours + 2, others + 2]);
        assert_eq!(write(&fixture, up).await, Some(vec![counts(1, 0, 0); 2]));
        assert_eq!(fixture.value::<i64>(open).await, 0);
    }
}
