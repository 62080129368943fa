//! What records become: rows, dead letters, a moved offset, a website's pattern.

use messages::OutcomeKind;

use super::fixture::{Fixture, PARTITION, counts, refused, time, up};
use crate::{
    store::{
        chunk::{Counts, Written},
        row::Fate::{New, Repeat, Replaced},
    },
    testing::{record, writer},
};

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
    // Where there were repeats, the next chunks are right too, with some and with none.
    let third = fixture.write(9, vec![up(4), missed(3), up(4)]);
    assert_eq!(third.await.unwrap(), Written::Now(counts(1, 2, 0)));
    for (offset, number) in (12..).zip([5, 6]) {
        let new = fixture.write(offset, vec![up(number)]);
        assert_eq!(new.await.unwrap(), Written::Now(counts(1, 0, 0)));
    }
    let outcomes = "SELECT string_agg(outcome, ',' ORDER BY check_id) FROM metrics";
    assert_eq!(
        fixture.value::<String>(outcomes).await,
        "up,down,up,up,up,up"
    );
}

#[tokio::test]
async fn a_check_that_gets_its_row_meanwhile_is_a_repeat() {
    let fixture = Fixture::prepared().await;
    // Repeats are expected from now on: what is there is looked up before anything is copied.
    fixture.write(0, vec![up(1)]).await.unwrap();
    let repeat = fixture.write(1, vec![up(1)]).await.unwrap();
    assert_eq!(repeat, Written::Now(counts(0, 1, 0)));
    let Ok(second) = up(2) else { unreachable!() };
    let insert = format!(
        "BEGIN; INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time, \
         outcome) SELECT website_id, scheduled_at, '{}', error_code, response_time, outcome FROM metrics",
        second.check_id
    );
    fixture.execute(&insert).await;
    // The look finds nothing, and COPY waits for the other's transaction.
    let commit = async {
        let waiting = "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted \
                       AND locktype = 'transactionid'";
        while !fixture.value::<bool>(waiting).await {}
        fixture.execute("COMMIT").await;
    };
    let (written, ()) = tokio::join!(fixture.write(2, vec![up(2), up(3)]), commit);
    assert_eq!(written.unwrap(), Written::Now(counts(1, 1, 0)));
    let rows = fixture.value::<i64>("SELECT count(*) FROM metrics").await;
    assert_eq!(rows, 3);
}

#[tokio::test]
async fn of_each_record_is_known_whether_it_is_new_replaces_or_repeats() {
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
    // A topic that is read again.
    let fates = fixture.fates(vec![up(1), missed(2), missed(3)]).await;
    assert_eq!(fates, [Repeat, Repeat, Repeat]);
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
    fixture.writer.forget();
    fixture
        .write(4, vec![at("2026-11-25T02:30:00Z", "zeroth")])
        .await
        .unwrap();
    assert_eq!(pattern().await, "third", "nor does it after a restart");
}

#[tokio::test]
async fn the_newest_record_says_what_is_known_of_the_target() {
    let at = |scheduled_at: &str, target: Option<serde_json::Value>| {
        let mut record = record(1, OutcomeKind::Up);
        record.scheduled_at = time(scheduled_at);
        record.target = target.and_then(|target| target.as_object().cloned());
        Ok(record)
    };
    let fixture = Fixture::prepared().await;
    let is = async |expected: &str| {
        let query = format!("SELECT target IS NOT DISTINCT FROM {expected} FROM websites");
        fixture.value::<bool>(&query).await
    };
    let (first, second) = (
        serde_json::json!({"name": "Größe \"1\"", "tags": ["a"], "slo": 99.9}),
        serde_json::json!({"down_after": 3}),
    );
    fixture
        .write(0, vec![at("2026-11-25T03:00:00Z", Some(first))])
        .await
        .unwrap();
    assert!(is(r#"'{"slo": 99.9, "tags": ["a"], "name": "Größe \"1\""}'::jsonb"#).await);
    fixture
        .write(1, vec![at("2026-11-25T03:02:00Z", Some(second.clone()))])
        .await
        .unwrap();
    assert!(is(r#"'{"down_after": 3}'::jsonb"#).await);
    fixture.writer.forget();
    fixture
        .write(2, vec![at("2026-11-25T03:01:00Z", None)])
        .await
        .unwrap();
    assert!(is(r#"'{"down_after": 3}'::jsonb"#).await, "it came late");
    fixture
        .write(3, vec![at("2026-11-25T03:03:00Z", None)])
        .await
        .unwrap();
    assert!(is("NULL::jsonb").await, "nothing is set any more");
}

#[tokio::test]
async fn a_website_that_says_the_same_is_not_written_again() {
    let at = |scheduled_at: &str| {
        let mut record = record(1, OutcomeKind::Up);
        record.scheduled_at = time(scheduled_at);
        let target = serde_json::json!({"name": "a", "slo": 99.5, "slow_after": 2.0});
        record.target = target.as_object().cloned();
        Ok(record)
    };
    let fixture = Fixture::prepared().await;
    let version = "SELECT xmin::text FROM websites";
    fixture
        .write(0, vec![at("2026-11-25T03:00:00Z")])
        .await
        .unwrap();
    let written = fixture.value::<String>(version).await;
    for (offset, forget) in [(1, false), (2, true)] {
        if forget {
            fixture.writer.forget();
        }
        fixture
            .write(offset, vec![at(&format!("2026-11-25T03:0{offset}:00Z"))])
            .await
            .unwrap();
        assert_eq!(fixture.value::<String>(version).await, written);
    }
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
    let offsets = fixture.writer.offsets();
    fixture.write(0, vec![up(1)]).await.unwrap();
    assert!(offsets.skip_lost(PARTITION, 1, 10).await.unwrap());
    let is_ours = offsets.skip_lost(PARTITION, 1, 20).await.unwrap();
    assert!(!is_ours, "lost once, counted once");
    assert_eq!(
        offsets.stored_offsets().await.unwrap(),
        [(PARTITION, 10)].into()
    );
    let account = "SELECT lost = 9 AND next_offset - start_offset = \
                   rows + duplicates + replaced + dead_letters + gaps + lost FROM offsets";
    assert!(fixture.value::<bool>(account).await);
    offsets.begin_anew(PARTITION, 10, 4).await.unwrap();
    assert_eq!(
        offsets.stored_offsets().await.unwrap(),
        [(PARTITION, 4)].into()
    );
    let account = account.replace("lost = 9", "lost = 0");
    assert!(fixture.value::<bool>(&account).await);
}

#[tokio::test]
async fn a_group_begins_once_with_all_the_partitions_of_that_time() {
    let fixture = Fixture::empty().await;
    database::prepare(fixture.writer.database()).await.unwrap();
    let (ours, other) = (fixture.writer.offsets(), writer(&fixture.uri));
    // Two consumers begin at the same time, and one of them knows of a partition more.
    let (few, many) = ([(0, 7), (1, 0)].into(), [(0, 8), (1, 0), (2, 5)].into());
    let (one, two) = tokio::join!(ours.begin_group(&few), other.offsets().begin_group(&many));
    one.unwrap();
    two.unwrap();
    let begun = ours.stored_offsets().await.unwrap();
    assert!(begun == few || begun == many, "{begun:?}");
}
