//! Dead letters against a real PostgreSQL.

use messages::OutcomeKind;
use tokio_postgres::{Client, NoTls};

use super::{
    letter::{Letter, LetterFilter, Letters},
    redrive::{Redriven, one},
};
use crate::{schemas::Schemas, store::BatchWriter, testing};

/// A database with a letter that can be read by now, its repeat, and one that still cannot.
async fn prepared() -> (BatchWriter, Client) {
    let uri = testing::database().await;
    let writer = testing::writer(&uri);
    database::prepare(writer.database()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
    tokio::spawn(connection);
    let insert = "INSERT INTO dead_letters (topic, partition, \"offset\", record_timestamp, key, value, \
        reason, error) VALUES ('checks', 3, $1, '2026-11-25Z', 'k', $2, $3, 'words')";
    let good = testing::value(1, OutcomeKind::Up).into_bytes();
    let original = br#"{"url":"u","error_code":200,"response_time":1}"#.to_vec();
    let letters = [
        (7_i64, good.clone(), "fixed"),
        (8, good, "fixed"),
        (9, b"\xff\x1b[2J".to_vec(), "not_json"),
        (10, original, "fixed"),
    ];
    for (offset, value, reason) in &letters {
        client
            .execute(insert, &[offset, value, reason])
            .await
            .unwrap();
    }
    (writer, client)
}

async fn read(writer: &BatchWriter, filter: &LetterFilter) -> Vec<Letter> {
    let letters = Letters::new(writer.database(), filter).await;
    letters.unwrap().next().await.unwrap()
}

#[tokio::test]
async fn a_letter_becomes_what_its_record_would_have_become_once() {
    let schemas = Schemas::default();
    let (writer, client) = prepared().await;
    let count = async |table: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        client.query_one(&query, &[]).await.unwrap().get(0)
    };
    let letters = read(&writer, &LetterFilter::default()).await;
    for letter in &letters {
        one(&writer, letter, &schemas, true).await.unwrap();
    }
    let untouched = (
        count("metrics").await,
        count("websites").await,
        count("dead_letters").await,
    );
    assert_eq!(untouched, (0, 0, 4), "a dry run leaves nothing");
    let mut became = Vec::new();
    for letter in &letters {
        became.push(one(&writer, letter, &schemas, false).await.unwrap());
    }
    assert_eq!(became[..2], [Redriven::Stored, Redriven::Repeat]);
    assert!(matches!(became[2], Redriven::Refused(_)));
    assert_eq!(became[3], Redriven::Stored);
    assert_eq!(
        (count("metrics").await, count("dead_letters").await),
        (2, 1)
    );
    let id = messages::record_id(
        "checks",
        3,
        10,
        letters[3].timestamp.unwrap().as_millisecond(),
    );
    let original = format!("metrics WHERE check_id = '{id}' AND scheduled_at = '2026-11-25Z'");
    assert_eq!(count(&original).await, 1, "it is the record that it was");
    // Whoever comes too late stores nothing.
    let again = one(&writer, &letters[3], &schemas, false).await.unwrap();
    assert_eq!(again, Redriven::Gone);
    client.batch_execute("DELETE FROM metrics").await.unwrap();
    let again = one(&writer, &letters[0], &schemas, false).await.unwrap();
    assert_eq!((again, count("metrics").await), (Redriven::Gone, 0));
}

#[tokio::test]
async fn letters_are_found_shown_and_removed() {
    let (writer, _client) = prepared().await;
    let by_reason = LetterFilter {
        reason: Some("not_json".into()),
        ..LetterFilter::default()
    };
    let found = read(&writer, &by_reason).await;
    assert_eq!(found.len(), 1);
    assert!(
        found[0].whole().contains(r"value: \xff\x1b[2J"),
        "{}",
        found[0].whole()
    );
    assert_eq!(found[0].json()["key"], "k");
    let late = LetterFilter {
        since: Some("2999-01-01T00:00:00Z".parse().unwrap()),
        ..LetterFilter::default()
    };
    assert_eq!(read(&writer, &late).await.len(), 0);
    let by_id = LetterFilter {
        ids: vec![found[0].id],
        ..LetterFilter::default()
    };
    assert_eq!(by_id.remove(writer.database()).await.unwrap(), 1);
    assert_eq!(read(&writer, &LetterFilter::default()).await.len(), 3);
}
