//! What was told is forgotten once it is over, and nothing that would be missed.

use super::fixture::Fixture;
use crate::store::{
    expiry::remove_spans,
    forget::{Forgotten, forget},
};

/// Incidents 1 to 6, all begun three months ago: 1 is over since, told, and was reminded of; 2 is open; 3 is over
/// since, its end still to be told; 4 and 5 are over since and told to nobody: flapping, and a receiver that is gone;
/// 6 is over since yesterday. What else there is: an old and a new letter, two stages of a certificate, burns,
/// silences and outages that are over, and a silence that is not.
const TOLD: &str = "
    INSERT INTO websites (url) VALUES ('http://a/');
    INSERT INTO incidents (website_id, started_at, opened_at, opened_by, closed_at, updated_at, location, error_code,
        locations_down, locations_heard)
    SELECT 1, now(), now(), gen_random_uuid(), CASE WHEN number <> 2 THEN now() END,
        now() - CASE number WHEN 6 THEN interval '1 day' ELSE interval '90 days' END, '', -1, 1, 1
    FROM generate_series(1, 6) AS number;
    INSERT INTO burns (website_id, factor, started_at, ended_at)
    VALUES (1, 6, now() - interval '90 days', now() - interval '89 days');
    INSERT INTO silences (location, started_at, ended_at, created_at) VALUES
        ('rome', now(), now() - interval '89 days', now() - interval '90 days'),
        ('oslo', now(), NULL, now() - interval '90 days');
    INSERT INTO outages (location, started_at, doubted_at, ended_at, websites_failed, websites_checked, created_at)
    VALUES ('rome', now(), now(), now() - interval '89 days', 1, 1, now() - interval '90 days');
    CREATE FUNCTION told(kind text, subject text, days integer, incident_id bigint DEFAULT NULL,
        receiver text DEFAULT 'ops', withheld text DEFAULT NULL, is_sent boolean DEFAULT true)
    RETURNS void LANGUAGE sql AS $$
        WITH alert AS (INSERT INTO alerts (receiver, kind, content, created_at, sent_at)
            SELECT receiver, kind, '{}', now() - days * interval '1 day',
                CASE WHEN is_sent THEN now() - days * interval '1 day' END WHERE withheld IS NULL RETURNING id)
        INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, withheld, alert_id, created_at)
        SELECT receiver, kind, subject, incident_id, 1, withheld, (SELECT id FROM alert),
            now() - days * interval '1 day'
    $$;
    SELECT told('down', 'incident 1', 90, 1), told('reminder', 'incident 1 reminder 1', 90, 1),
        told('up', 'incident 1', 90, 1),
        told('down', 'incident 2', 90, 2), told('reminder', 'incident 2 reminder 1', 90, 2),
        told('down', 'incident 3', 90, 3), told('up', 'incident 3', 90, 3, is_sent => false),
        told('down', 'incident 4', 90, 4, withheld => 'flapping'),
        told('down', 'incident 5', 90, 5, 'gone', is_sent => false),
        told('down', 'incident 6', 90, 6), told('up', 'incident 6', 1, 6),
        told('dead_letters', 'dead letters of then', 90), told('dead_letters', 'dead letters of now', 1),
        told('certificate', 'website 1 certificate 1: 30 days', 120),
        told('certificate', 'website 1 certificate 1: 14 days', 90),
        told('burn', 'burn 1', 90), told('burn_over', 'burn 1', 89),
        told('silent', 'silence 1', 90), told('heard', 'silence 1', 20),
        told('silent', 'silence 2', 90), told('network', 'outage 1', 90);
    INSERT INTO outbox (receiver, kind, subject, created_at)
    VALUES ('gone', 'silent', 'silence 7', now() - interval '90 days')";

#[tokio::test]
async fn what_was_told_goes_once_it_is_over_and_nothing_that_would_be_missed() {
    let fixture = Fixture::prepared().await;
    fixture.execute(TOLD).await;
    let database = fixture.writer.database();
    let receivers = ["ops".to_owned()];
    let nothing = Forgotten::default();
    assert_eq!(forget(database, 0, &receivers).await.unwrap(), nothing);
    assert_eq!(forget(database, 150, &receivers).await.unwrap(), nothing);
    let forgotten = forget(database, 30, &receivers).await.unwrap();
    // Rows of the outbox: incident 1 has three, 4 and 5 one each; a letter, a stage, a burn's two, an outage,
    // and what nobody is there to hear. Alerts: as many, but for the two that were never made. And a thing of each
    // kind.
    assert_eq!((forgotten.rows, forgotten.untold), (11 + 9 + 3, 2));
    let left = "SELECT string_agg(kind || ' ' || subject, ', ' ORDER BY id) FROM outbox";
    assert_eq!(
        fixture.value::<String>(left).await,
        "down incident 2, reminder incident 2 reminder 1, down incident 3, up incident 3, down incident 6, \
         up incident 6, dead_letters dead letters of now, certificate website 1 certificate 1: 14 days, \
         silent silence 1, heard silence 1, silent silence 2"
    );
    let told = "SELECT count(*) FROM alerts WHERE id NOT IN (SELECT alert_id FROM outbox)";
    assert_eq!(fixture.value::<i64>(told).await, 0);
    assert_eq!(forget(database, 30, &receivers).await.unwrap(), nothing);
    let incidents = "SELECT count(*) FROM incidents";
    assert_eq!(fixture.value::<i64>(incidents).await, 6);
}

#[tokio::test]
async fn more_than_a_step_is_walked_through_and_a_cause_goes_after_those_who_joined_it() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute(
            "INSERT INTO alerts (id, receiver, kind, content, created_at, sent_at)
             SELECT ('00000000-0000-4000-8000-00000000000' || number)::uuid, 'ops', 'down', '{}', old, old
             FROM generate_series(1, 2) AS number, (SELECT now() - interval '90 days' AS old) AS time;
             UPDATE alerts SET first_id = '00000000-0000-4000-8000-000000000001' WHERE id::text ~ '2$';
             INSERT INTO outbox (receiver, kind, subject, created_at, withheld)
             SELECT 'ops', 'silent', 'silence ' || number, now() - interval '90 days',
                 CASE WHEN number NOT BETWEEN 1 AND 1500 THEN 'over' END
             FROM generate_series(1, 2500) AS number",
        )
        .await;
    let database = fixture.writer.database();
    let receivers = ["ops".to_owned()];
    let forgotten = forget(database, 30, &receivers).await.unwrap();
    assert_eq!((forgotten.rows, forgotten.untold), (1000 + 2, 0));
    let left = "SELECT count(*) FROM outbox WHERE withheld IS NULL";
    assert_eq!(fixture.value::<i64>(left).await, 1500);
}

#[tokio::test]
async fn maintenance_of_days_that_are_gone_goes_with_them() {
    let fixture = Fixture::prepared().await;
    fixture
        .execute(
            "CREATE TABLE oldest PARTITION OF metrics FOR VALUES FROM ('2020-02-02+00') TO ('2020-02-03+00');
             INSERT INTO websites (url) VALUES ('http://a/');
             INSERT INTO maintenance_spans (website_id, starts_at, ends_at) VALUES
             (1, '2020-02-01 10:00+00', '2020-02-01 12:00+00'), (1, '2020-02-01 10:00+00', '2020-02-02 01:00+00')",
        )
        .await;
    let database = fixture.writer.database();
    assert_eq!(remove_spans(database).await.unwrap(), 1);
    assert_eq!(remove_spans(database).await.unwrap(), 0);
}
