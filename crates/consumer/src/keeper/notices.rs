//! What is told besides incidents: certificates that end soon, and records that could not become rows.
//! Found by looking now and then; each has a subject of its own, so that several consumers tell it once.

use std::time::{Duration, SystemTime};

use database::{Database, DatabaseError, Statement};
use deadpool_postgres::Object;
use messages::Masked;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    pause::pause,
    telling::{Names, Notice, tell},
};

/// How often it is looked.
const ROUND_INTERVAL: Duration = Duration::from_mins(1);
/// Rounds from one look at certificates to the next: they end by the day.
const CERTIFICATE_ROUNDS: u32 = 60;
/// How long before and after now a website's newest certificate is sought.
const DAY: Duration = Duration::from_hours(24);

/// The newest certificate of each website that showed one within a day, where it ends within so many
/// days as its target says (30) or, nearer to its end, 14, 7 or 1: the least of these.
const CERTIFICATES: Statement = Statement::new(
    "looking for certificates that end soon",
    "SELECT jsonb_build_object('website_id', sites.id, 'certificate', certificates.id, \
        'day', to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'days', days, 'url', url, 'name', target ->> 'name', \
        'group', target ->> 'group')::text \
    FROM (SELECT *, CASE jsonb_typeof(target -> 'cert_days') WHEN 'number' \
        THEN greatest(0, least((target -> 'cert_days')::double precision, 36500)) ELSE 30 END AS first FROM websites) AS sites \
    CROSS JOIN LATERAL (SELECT certificate_id FROM metrics WHERE website_id = sites.id \
        AND scheduled_at > $1 AND scheduled_at <= $2 \
        AND certificate_id IS NOT NULL ORDER BY scheduled_at DESC LIMIT 1) AS newest \
    JOIN certificates ON certificates.id = certificate_id \
    CROSS JOIN LATERAL (SELECT min(days) AS days \
        FROM (SELECT first UNION SELECT * FROM (VALUES (14), (7), (1)) AS later (days) WHERE days < first) \
        AS stages (days) WHERE not_after <= now() + make_interval(secs => days * 86400)) AS stage \
    WHERE days IS NOT NULL",
);
/// Of the newest letters, how many each of the last two hours has: what came at an hour's end is seen
/// at the next one's beginning.
const LETTERS: Statement = Statement::new(
    "looking for new dead letters",
    "SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:00'), count(*), min(reason) \
    FROM (SELECT date_trunc('hour', created_at, 'UTC') AS hour, reason \
        FROM dead_letters ORDER BY id DESC LIMIT 1000) AS newest \
    WHERE hour >= date_trunc('hour', now(), 'UTC') - interval '1 hour' GROUP BY hour",
);
/// Looks every minute, until `stop`.
pub(super) async fn look_around(database: Database, names: Names, stop: CancellationToken) {
    for number in (0..CERTIFICATE_ROUNDS).cycle() {
        let round = round(&database, &names, number == 0);
        match stop.run_until_cancelled(round).await {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => warn!(
                "Looking for what is to be told again in a minute: {}",
                database.explain(&error)
            ),
        }
        if !pause(ROUND_INTERVAL, &stop).await {
            return;
        }
    }
}

async fn round(
    database: &Database,
    names: &Names,
    with_certificates: bool,
) -> Result<(), DatabaseError> {
    if names.all.is_empty() {
        return Ok(());
    }
    let look = database.attempt(async |client| {
        let mut notices = letters(client).await?;
        if with_certificates {
            notices.extend(certificates(client).await?);
        }
        tell(client, &notices, names).await
    });
    look.await
}

async fn certificates(client: &Object) -> Result<Vec<Notice>, DatabaseError> {
    let now = SystemTime::now();
    // With both times in sight, the server plans for the few partitions that lie between; by its own now(),
    // as by a time minus a day, for all.
    let rows = CERTIFICATES
        .query_once(client, &[&(now - DAY), &(now + DAY)])
        .await?;
    let found = rows.iter().map(|row| serde_json::from_str(row.get(0)));
    let found = found.filter_map(Result::ok);
    Ok(found.map(|it: Value| ending(&it)).collect())
}

fn ending(found: &Value) -> Notice {
    let url = Masked(found["url"].as_str().unwrap_or_default()).to_string();
    let (website, certificate) = (&found["website_id"], &found["certificate"]);
    let day = found["day"].as_str().unwrap_or_default();
    let key = format!("website {website} certificate {certificate}");
    Notice {
        subject: format!("{key}: {} days", found["days"]),
        website_id: website.as_i64(),
        content: json!({
            "kind": "certificate",
            "key": key,
            "what": format!("certificate ends on {day}"),
            "sites": [{
                "name": found["name"].as_str().unwrap_or(&url),
                "url": url,
                "group": found["group"],
            }],
        }),
    }
}

async fn letters(client: &Object) -> Result<Vec<Notice>, DatabaseError> {
    let rows = LETTERS.query(client, &[]).await?;
    let notices = rows.iter().map(|row| {
        let (hour, count, reason): (String, i64, String) = (row.get(0), row.get(1), row.get(2));
        let what = format!("{count} new dead letters, as {reason}: records that cannot become rows");
        Notice {
            subject: format!("dead letters of {hour}"),
            website_id: None,
            content: json!({
                "kind": "dead_letters",
                "key": format!("dead letters of {hour}"),
                "what": what,
                "remedy": "`consumer dead-letters list` shows them, `consumer redrive` tries them again.",
            }),
        }
    });
    Ok(notices.collect())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tokio_postgres::NoTls;

    use super::*;
    use crate::testing;

    const SITES: &str = "
        INSERT INTO websites (url, target) SELECT url, target::jsonb FROM (VALUES
            ('http://u:p@soon/', '{\"name\": \"Soon\"}'), ('http://later/', NULL),
            ('http://early/', '{\"cert_days\": 60, \"alerts\": [\"team\"]}'),
            ('http://quiet/', '{\"alerts\": [\"none\"]}')) AS sites (url, target);
        INSERT INTO certificates (not_after, issuer) SELECT now() + days * interval '1 day', 'of ' || days
        FROM unnest(ARRAY[5, 45]) AS days;
        INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time, certificate_id)
        SELECT websites.id, now(), gen_random_uuid(), 200, 1, certificates.id FROM websites
        JOIN certificates ON issuer = CASE WHEN url ~ 'soon|quiet' THEN 'of 5' ELSE 'of 45' END;
        INSERT INTO dead_letters (topic, partition, \"offset\", reason, error)
        SELECT 'checks', 0, number, 'not_json', 'words' FROM generate_series(1, 3) AS number";

    #[tokio::test]
    async fn certificates_and_letters_are_told_once() {
        let uri = testing::database().await;
        let writer = testing::writer(&uri);
        database::prepare(writer.database()).await.unwrap();
        writer.make_days_ahead(Timestamp::now()).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(SITES).await.unwrap();
        let names = Names {
            all: vec!["mail".into(), "team".into()],
            defaults: vec!["mail".into()],
        };
        for _ in 0..2 {
            round(writer.database(), &names, true).await.unwrap();
        }
        let told = "SELECT string_agg(receiver || ' ' || regexp_replace(subject, ' of .*', ''), ', ' \
            ORDER BY subject) FROM outbox WHERE content ->> 'kind' = kind";
        let told: String = client.query_one(told, &[]).await.unwrap().get(0);
        assert_eq!(
            told,
            "mail dead letters, mail website 1 certificate 1: 7 days, team website 3 certificate 2: 60 days"
        );
        // The notifier reads what is to be told as news.
        for row in client
            .query("SELECT content::text FROM outbox", &[])
            .await
            .unwrap()
        {
            let news: notify::News = serde_json::from_str(row.get(0)).unwrap();
            assert!(!news.what.is_empty() && !news.key.is_empty());
            assert!(news.sites.iter().all(|site| !site.url.contains("u:p")));
        }
        // A stage nearer to its end is told anew.
        let nearer =
            "UPDATE certificates SET not_after = now() + interval '20 hours' WHERE issuer = 'of 5'";
        client.batch_execute(nearer).await.unwrap();
        round(writer.database(), &names, true).await.unwrap();
        let count = "SELECT count(*) FROM outbox WHERE subject = 'website 1 certificate 1: 1 days'";
        assert_eq!(
            client.query_one(count, &[]).await.unwrap().get::<_, i64>(0),
            1
        );
    }
}
