//! What is asked for that makes no sense, and rows that do not.

use axum::http::StatusCode;
use serde_json::Value;

use super::fixture::Fixture;

/// Records may say anything, and rows keep it: whoever reads them all must not stumble over one.
#[tokio::test]
async fn a_row_that_makes_no_sense_hides_no_website() {
    let fixture = Fixture::new().await;
    fixture.website(1, "http://good.test/", "null").await;
    fixture.up(1, "here", 5).await;
    let odd = r#"{"cert_days": 1e30, "slow_after": -1e30}"#;
    fixture.website(2, "http://odd.test/", odd).await;
    fixture
        .website(3, "http://odder.test/", r#"{"cert_days": -1e30}"#)
        .await;
    fixture
        .execute(
            "INSERT INTO certificates (id, not_after) VALUES (1, now() + interval '1 day'); \
            INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, \
                \"interval\", outcome, certificate_id) \
            SELECT 2 + number % 2, 'here', now() - number * interval '1 s', gen_random_uuid(), 500, 3e38, \
                (ARRAY[3e38, 1e12, -3e38, 0])[number]::real, 'down', 1 FROM generate_series(1, 4) AS number; \
            INSERT INTO incidents (id, website_id, started_at, opened_at, opened_by, ended_at, closed_at, closed_by, \
                location, error_code, locations_down, locations_heard) \
            SELECT 1, 2, now() - interval '4 s', now() - interval '4 s', check_id, now(), now(), check_id, 'here', 500, \
                1, 1 FROM metrics WHERE website_id = 2 LIMIT 1",
        )
        .await;
    for path in [
        "/",
        "/websites/1",
        "/websites/2",
        "/incidents",
        "/incidents/1",
        "/probes",
        "/api/v1/websites",
        "/api/v1/websites/2/checks",
        "/api/v1/groups",
        "/api/v2/summary.json",
        "/badge/2.svg",
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    }
    let stands = fixture.rows("SELECT status FROM latest_status").await;
    assert_eq!(stands.len(), 3);
}

#[tokio::test]
async fn a_page_of_checks_ends_where_their_texts_are_large() {
    let fixture = Fixture::new().await;
    fixture.website(1, "http://a.test/", "null").await;
    fixture
        .execute(
            "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, matched_text) \
            SELECT 1, 'here', now() - number * interval '1 s', gen_random_uuid(), 200, 1, repeat('x', 3000000) \
            FROM generate_series(1, 7) AS number",
        )
        .await;
    let mut next = Some("/api/v1/websites/1/checks?limit=1000".to_owned());
    let mut pages = Vec::new();
    while let Some(path) = next {
        let answer = fixture.get(&path).await;
        let told: Value = serde_json::from_str(answer.text()).unwrap();
        pages.push(told["checks"].as_array().unwrap().len());
        next = told["next"].as_str().map(str::to_owned);
    }
    assert_eq!(pages, [3, 3, 1]);
}
