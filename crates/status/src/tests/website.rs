//! A website's page.

use axum::http::StatusCode;

use super::fixture::{Fixture, settings};

#[tokio::test]
async fn a_website_shows_its_last_checks_with_every_phase() {
    let fixture = Fixture::new().await;
    let target = r#"{"name":"<b>A</b>","slo":99.9}"#;
    fixture
        .website(1, "https://me:secret@a.example/", target)
        .await;
    let columns = "outcome, dns, connect, tls, first_byte, body, remote_address";
    let values = "'up', 0.011, 0.022, 0.033, 0.044, 0.055, '192.0.2.7:443'";
    fixture.result((1, "here", 130), columns, values).await;
    let columns = "outcome, failure_reason, failure_phase, failure_detail";
    let values = "'down', 'tls_expired', 'tls', 'ended <i>yesterday</i>'";
    fixture.result((1, "here", 70), columns, values).await;
    let missed = "'missed', 'prober_failed'";
    fixture
        .result((1, "there", 10), "outcome, failure_reason", missed)
        .await;

    let answer = fixture.get("/websites/1").await;
    let page = answer.text();
    assert_eq!(answer.status, StatusCode::OK, "{page}");
    for phase in ["11", "22", "33", "44", "55"] {
        assert!(
            page.contains(&format!("<td class=\"num\">{phase}</td>")),
            "{phase}"
        );
    }
    assert!(page.contains("192.0.2.7"));
    assert!(page.contains("ended &lt;i&gt;yesterday"));
    assert!(page.contains("<span class=\"st missed\">"));
    assert!(page.contains("&lt;b&gt;A&lt;/b&gt;"));
    assert!(!page.contains("secret") && !page.contains("style="));
    assert_eq!(page.matches("class=\"hit\"").count(), 90, "a link a day");
    // The phases are drawn one upon the other.
    assert!(page.contains("class=\"a p-first-byte\" d=\"M"));
    for words in [
        "period=1h&from=here",
        "period=30d",
        "day=2026-01-01",
        "before=2030-01-01T00:00:00Z",
    ] {
        let answer = fixture.get(&format!("/websites/1?{words}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{words}");
    }
}

#[tokio::test]
async fn the_certificates_of_a_week_are_told_with_the_checks_that_saw_them_first_and_last() {
    let fixture = Fixture::new().await;
    fixture.website(1, "https://a/", "null").await;
    // Renewed 100 minutes ago as `here` saw it, within an hour; `there` sees another one.
    fixture
        .execute(
            "INSERT INTO certificates (id, issuer, subject) VALUES (1, 'CA', 'old'), (2, 'CA', 'new'), (3, 'CA', 'other'); \
            INSERT INTO states (website_id, location, is_down, since, newest_at) \
            VALUES (1, 'here', false, now(), now()), (1, 'there', false, now(), now()); \
            INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, \
                \"interval\", outcome, certificate_id) \
            SELECT 1, place, date_trunc('minute', now()) - ago * interval '1 min', gen_random_uuid(), 200, 0.1, 60, 'up', \
                CASE WHEN place = 'there' THEN 3 WHEN ago > 100 THEN 1 ELSE 2 END \
            FROM generate_series(1, 1500) AS ago, unnest(ARRAY['here', 'there']) AS place",
        )
        .await;
    let page = fixture.get("/websites/1").await;
    let rows = fixture
        .rows(
            "SELECT subject, to_char(min(scheduled_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
            (max(scheduled_at) AT TIME ZONE 'UTC')::date::text \
            FROM metrics JOIN certificates ON certificates.id = certificate_id GROUP BY subject",
        )
        .await;
    assert_eq!(rows.len(), 3);
    let (_, told) = page.text().split_once("id=\"certificates\"").unwrap();
    for row in rows {
        let (subject, first_at): (&str, &str) = (row.get(0), row.get(1));
        let (_, of_it) = told.split_once(&format!("<bdi>{subject}</bdi>")).unwrap();
        let (of_it, _) = of_it.split_once("</li>").unwrap();
        assert!(of_it.contains(first_at), "{subject}: {first_at} in {of_it}");
    }
}

#[tokio::test]
async fn what_a_month_came_to_is_told_apart_from_what_came_before() {
    let fixture = Fixture::new().await;
    fixture.website(1, "https://a/", "null").await;
    fixture
        .execute(
            "INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, \
                slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts) \
            SELECT 1, current_date - back, 'here', 300, down, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}' \
            FROM (VALUES (20, 0), (40, 200)) AS days (back, down)",
        )
        .await;
    let page = fixture.get("/websites/1").await;
    for (period, share) in [("30 days", "100 %"), ("90 days", "75 %")] {
        let told = format!("<dt>{period}</dt><dd class=\"v\">{share}</dd>");
        assert!(page.text().contains(&told), "{told}: {}", page.text());
    }
}

#[tokio::test]
async fn who_asks_for_what_there_is_not_is_told_so() {
    let fixture = Fixture::with(&settings(&["public"])).await;
    fixture
        .website(1, "https://a/", r#"{"tags":["internal"]}"#)
        .await;
    fixture.up(1, "here", 5).await;
    assert_eq!(
        fixture.get("/websites/1").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        fixture.get("/websites/2").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        fixture.get("/websites/x").await.status,
        StatusCode::BAD_REQUEST
    );
    let refused = fixture.get("/websites/1?period=2h").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused
            .text()
            .contains("period is none of 1h, 24h, 7d, 30d")
    );
}
