//! What the tables tell.

use std::collections::BTreeMap;

use database::{Database, DatabaseError, Statement};
use serde_json::Value;

use crate::source::SourceSettings;

const PARTITIONS: Statement = Statement::new(
    "reading stored offsets",
    "SELECT to_jsonb(offsets)::text FROM offsets \
    WHERE consumer_group = $1 AND topic = $2 ORDER BY partition",
);
const LAST_LETTER: Statement = Statement::new(
    "reading the last dead letter",
    "SELECT jsonb_build_object('id', id, 'reason', reason, 'error', error, 'created_at', created_at)::text \
    FROM dead_letters ORDER BY id DESC LIMIT 1",
);
/// What waits to be told, by receiver: one that refuses for ever is seen here.
const ALERTS: Statement = Statement::new(
    "reading alerts that are not sent",
    "SELECT jsonb_build_object('receiver', receiver, 'unsent', count(*), 'oldest', min(created_at), \
    'attempts', max(attempts), 'next_attempt', min(next_attempt_at), \
    'last_error', (array_agg(last_error ORDER BY attempts DESC))[1])::text \
    FROM alerts WHERE sent_at IS NULL GROUP BY receiver ORDER BY receiver",
);
/// Open incidents, and what is to be told and is no alert yet: it waits for others of its cause, for the end of
/// maintenance, or for a receiver that `ALERTS_FILE` does not name any more.
const TO_DO: Statement = Statement::new(
    "reading what is not done",
    "SELECT jsonb_build_object(\
    'open_incidents', (SELECT count(*) FROM incidents WHERE closed_at IS NULL), \
    'oldest_incident', (SELECT min(started_at) FROM incidents WHERE closed_at IS NULL), \
    'waiting_news', (SELECT count(*) FROM outbox WHERE alert_id IS NULL AND withheld IS NULL), \
    'oldest_news', (SELECT min(created_at) FROM outbox WHERE alert_id IS NULL AND withheld IS NULL), \
    'dirty_hours', (SELECT count(DISTINCT hour) FROM dirty_hours), \
    'oldest_dirty_hour', (SELECT min(hour) FROM dirty_hours), \
    'dirty_days', (SELECT count(DISTINCT day) FROM dirty_days))::text",
);
const LOCATIONS: Statement = Statement::new(
    "reading when locations were heard",
    "SELECT jsonb_build_object('location', location, 'heard_at', heard_at, \
    'silent_since', (SELECT started_at FROM silences WHERE silences.location = locations.location \
        AND ended_at IS NULL), \
    'network_out_since', (SELECT started_at FROM outages WHERE outages.location = locations.location \
        AND ended_at IS NULL))::text \
    FROM locations ORDER BY location LIMIT 1000",
);
/// The newest days that hold anything.
const DAYS: Statement = Statement::new(
    "reading the sizes of days",
    "SELECT jsonb_build_object('day', day, 'bytes', bytes)::text FROM \
    (SELECT inhrelid::regclass::text AS day, pg_total_relation_size(inhrelid) AS bytes \
    FROM pg_inherits WHERE inhparent = 'metrics'::regclass AND pg_relation_size(inhrelid) > 0) AS days \
    ORDER BY day DESC LIMIT 14",
);

/// What the tables tell: objects by the columns' names.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) partitions: Vec<Value>,
    pub(super) last_letter: Option<Value>,
    pub(super) days: Vec<Value>,
    pub(super) alerts: Vec<Value>,
    pub(super) to_do: Value,
    pub(super) locations: Vec<Value>,
}

impl Tables {
    /// The first offset of each partition that is not stored.
    pub(super) fn next_offsets(&self) -> BTreeMap<i32, i64> {
        let partitions = self.partitions.iter();
        let next = partitions.filter_map(|it| {
            let partition = i32::try_from(it["partition"].as_i64()?).ok()?;
            Some((partition, it["next_offset"].as_i64()?))
        });
        next.collect()
    }
}

/// Reads them.
pub(super) async fn read(
    database: &Database,
    source: &SourceSettings,
) -> Result<Tables, DatabaseError> {
    let SourceSettings { group, topic, .. } = source;
    database
        .attempt(async |client| {
            let parse = |rows: Vec<tokio_postgres::Row>| -> Vec<Value> {
                let texts = rows.iter().map(|row| serde_json::from_str(row.get(0)));
                texts.filter_map(Result::ok).collect()
            };
            Ok(Tables {
                partitions: parse(PARTITIONS.query(client, &[group, topic]).await?),
                last_letter: parse(LAST_LETTER.query(client, &[]).await?).pop(),
                days: parse(DAYS.query(client, &[]).await?),
                alerts: parse(ALERTS.query(client, &[]).await?),
                to_do: parse(TO_DO.query(client, &[]).await?)
                    .pop()
                    .unwrap_or_default(),
                locations: parse(LOCATIONS.query(client, &[]).await?),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::OffsetReset, testing};

    /// Something of everything.
    const FILL: Statement = Statement::new(
        "filling",
        "INSERT INTO websites (url) VALUES ('u'); \
        INSERT INTO dead_letters (topic, partition, \"offset\", reason, error) \
        VALUES ('checks', 3, 1, 'not_json', 'words'); \
        INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time) \
        SELECT id, now(), gen_random_uuid(), 200, 1 FROM websites; \
        INSERT INTO alerts (receiver, kind, content, attempts, last_error) \
        VALUES ('ops', 'down', '{}', 7, 'refused'), ('ops', 'up', '{}', 0, NULL); \
        INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, \
        locations_down, locations_heard) SELECT id, now(), now(), gen_random_uuid(), '', -1, 1, 1 FROM websites; \
        INSERT INTO outbox (receiver, kind, subject) VALUES ('gone', 'down', 'incident 1'); \
        INSERT INTO dirty_hours (hour) VALUES ('2026-11-25T03:00:00Z'), ('2026-11-25T03:00:00Z'); \
        INSERT INTO locations VALUES ('paris', '2026-11-25T03:00:00Z', 60, '2026-11-25T03:00:00Z'); \
        INSERT INTO silences (location, started_at) VALUES ('paris', '2026-11-25T03:00:00Z')",
    );

    #[tokio::test]
    async fn partitions_letters_days_and_what_is_not_done_are_told() {
        let writer = testing::writer(&testing::database().await);
        database::prepare(writer.database()).await.unwrap();
        let now = jiff::Timestamp::now();
        writer.make_days_ahead(now).await.unwrap();
        writer.offsets().begin_partition(3, 40).await.unwrap();
        let source = SourceSettings {
            client_id: String::new(),
            group: writer.offsets().key().group.clone(),
            topic: testing::TOPIC.to_owned(),
            reset: OffsetReset::Earliest,
        };
        let tables = read(writer.database(), &source).await.unwrap();
        assert_eq!(tables.partitions.len(), 1);
        assert_eq!(tables.next_offsets(), [(3, 40)].into());
        assert_eq!((tables.last_letter, tables.days), (None, vec![]));
        let nothing = Vec::<Value>::new();
        assert_eq!((&tables.alerts, &tables.locations), (&nothing, &nothing));
        assert_eq!(tables.to_do["open_incidents"], 0);
        let filled = async |client: &mut _| FILL.run(client).await;
        writer.database().attempt(filled).await.unwrap();
        let tables = read(writer.database(), &source).await.unwrap();
        assert_eq!(tables.last_letter.unwrap()["reason"], "not_json");
        assert_eq!((tables.days.len(), tables.alerts.len()), (1, 1));
        assert_eq!(
            (&tables.alerts[0]["unsent"], &tables.alerts[0]["last_error"]),
            (&2.into(), &"refused".into())
        );
        let to_do = &tables.to_do;
        for what in ["open_incidents", "waiting_news", "dirty_hours"] {
            assert_eq!(to_do[what], 1, "{what} in {to_do}");
        }
        let paris = &tables.locations[0];
        assert!(paris["silent_since"].is_string() && paris["network_out_since"].is_null());
        assert!(tables.days[0]["bytes"].as_i64().unwrap() > 0);
    }
}
