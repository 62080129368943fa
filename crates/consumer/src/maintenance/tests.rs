//! Windows become spans, against a real PostgreSQL and without.

use std::collections::BTreeMap;

use database::{begin, commit};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, NoTls};

use super::{
    plan::{Turn, plan},
    planned::{Changes, Site, Span, When, Whose, Window, planned},
};
use crate::{store::BatchWriter, testing};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn span(website_id: i64, start: &str, end: &str) -> Span {
    Span {
        website_id,
        start: time(start),
        end: time(end),
    }
}

#[test]
fn a_window_is_everybodys_whom_it_names() {
    let site = |id, own: Option<&str>, group: Option<&str>, tags: &[&str]| Site {
        id,
        own: own.map(str::to_owned),
        group: group.map(str::to_owned),
        tags: tags.iter().map(|it| (*it).to_owned()).collect(),
    };
    let sites = [
        site(1, Some("daily 02:00 1h UTC"), Some("web"), &[]),
        site(2, None, Some("api"), &["public", "de"]),
        site(3, Some("every night"), None, &["public"]),
    ];
    let (since, until) = (time("2026-11-26T03:30:00Z"), time("2026-11-27T03:00:00Z"));
    let once = || When::Once(time("2026-11-26T03:00:00Z"), time("2026-11-26T04:00:00Z"));
    let window = |whose| Window {
        whose,
        when: once(),
        note: "move".into(),
    };
    let ids = |windows: &[Window]| -> Vec<i64> {
        let (spans, _) = planned(&sites, windows, since, until);
        let noted = spans.iter().filter(|(_, note)| *note == "move");
        noted.map(|(span, _)| span.website_id).collect()
    };
    assert_eq!(ids(&[window(Whose::Website(1))]), [1]);
    assert_eq!(ids(&[window(Whose::Group("api".into()))]), [2]);
    assert_eq!(ids(&[window(Whose::Tag("public".into()))]), [2, 3]);
    assert_eq!(ids(&[window(Whose::Everybody)]), [1, 2, 3]);
    let (spans, unread) = planned(&sites, &[], since, until);
    assert_eq!(
        spans.into_keys().collect::<Vec<_>>(),
        [span(1, "2026-11-27T02:00:00Z", "2026-11-27T03:00:00Z")]
    );
    assert!(unread["every night"].contains("four words"));
}

#[test]
fn what_was_planned_for_a_time_stays_whatever_is_planned_now() {
    let now = time("2026-11-26T03:30:00Z");
    let under_way = span(1, "2026-11-26T03:00:00Z", "2026-11-26T04:00:00Z");
    let to_come = span(1, "2026-11-27T03:00:00Z", "2026-11-27T04:00:00Z");
    let other = span(2, "2026-11-27T03:00:00Z", "2026-11-27T04:00:00Z");
    let all = |spans: &[Span]| -> BTreeMap<Span, String> {
        spans.iter().map(|span| (*span, "note".into())).collect()
    };
    let there = all(&[under_way, to_come]);
    let none = Changes::between(&there, &there, now);
    assert_eq!(none, Changes::default());
    let changes = Changes::between(&there, &all(&[other]), now);
    assert_eq!(changes.removed, [under_way, to_come].into());
    // The one under way ends now.
    let cut = Span {
        end: now,
        ..under_way
    };
    assert_eq!(changes.added, all(&[cut, other]));
}

struct Fixture {
    writer: BatchWriter,
    client: Client,
}

impl Fixture {
    async fn new() -> Self {
        let uri = testing::database().await;
        let writer = testing::writer(&uri);
        database::prepare(writer.database()).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        let sites = "INSERT INTO websites (url, target) VALUES ('http://a/', '{\"group\": \"web\"}'), \
            ('http://b/', '{\"tags\": [\"web\"], \"maintenance\": \"daily 00:00 24h UTC\"}'), ('http://c/', NULL)";
        client.batch_execute(sites).await.unwrap();
        Self { writer, client }
    }

    async fn plan(&self) {
        let planned = self.writer.database().attempt(async |client| {
            let transaction = begin(client).await?;
            plan(&transaction, Turn::Awaited).await?;
            commit(transaction, "planning").await
        });
        planned.await.unwrap();
    }

    async fn is(&self, expected: &str) {
        let row = self.client.query_one(expected, &[]).await.unwrap();
        assert!(row.get::<_, bool>(0), "{expected}");
    }
}

#[tokio::test]
async fn spans_are_written_ahead_and_their_hours_counted_anew() {
    let fixture = Fixture::new().await;
    fixture.plan().await;
    // One whole span, since each day's meets the next, which is under way.
    fixture
        .is("SELECT count(*) = 1 AND bool_and(url = 'http://b/' AND starts_at <= now() \
            AND ends_at > now() + interval '7 days') FROM maintenance_spans JOIN websites ON website_id = websites.id")
        .await;
    fixture
        .is("SELECT count(*) > 0 AND bool_and(website_ids = ARRAY[2::bigint] AND hour <= now()) FROM dirty_hours")
        .await;
    let add = "DELETE FROM dirty_hours; INSERT INTO maintenance (website_group, starts_at, ends_at, note) \
        VALUES ('web', now() - interval '90 minutes', now() + interval '1 hour', 'move'); \
        INSERT INTO maintenance (schedule) VALUES ('daily 05:00 1h Europe/Amsterdam')";
    fixture.client.batch_execute(add).await.unwrap();
    fixture.plan().await;
    fixture
        .is("SELECT count(*) = 1 AND bool_and(website_id = 1) FROM maintenance_spans WHERE note = 'move'")
        .await;
    fixture
        .is("SELECT count(*) >= 2 FROM dirty_hours WHERE 1 = ANY (website_ids)")
        .await;
    fixture
        .is("SELECT count(DISTINCT website_id) = 3 AND count(*) >= 3 * 8 FROM maintenance_spans")
        .await;
    // Removed, they end now, and what was to come is gone.
    let remove = "UPDATE maintenance SET removed_at = now()";
    fixture.client.batch_execute(remove).await.unwrap();
    fixture.plan().await;
    fixture
        .is("SELECT count(*) = 1 AND bool_and(ends_at <= now()) FROM maintenance_spans WHERE note = 'move'")
        .await;
    fixture
        .is("SELECT count(*) = 1 FROM maintenance_spans WHERE ends_at > now()")
        .await;
    let before = "CREATE TABLE before AS SELECT * FROM maintenance_spans; DELETE FROM dirty_hours";
    fixture.client.batch_execute(before).await.unwrap();
    fixture.plan().await;
    fixture
        .is(
            "SELECT NOT EXISTS (SELECT * FROM maintenance_spans EXCEPT SELECT * FROM before) \
            AND NOT EXISTS (SELECT FROM dirty_hours)",
        )
        .await;
}

#[test]
fn a_window_without_end_is_bounded_by_how_far_is_planned() {
    let site = Site {
        id: 1,
        own: Some("daily 00:00 168h UTC".into()),
        ..Site::default()
    };
    let now = time("2026-11-26T03:30:00Z");
    let (spans, _) = planned(&[site], &[], now, now + SignedDuration::from_hours(24));
    assert_eq!(spans.len(), 1);
}
