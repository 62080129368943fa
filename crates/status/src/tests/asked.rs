//! What is asked for that makes no sense, and rows that do not.

use axum::http::StatusCode;
use serde_json::Value;

use super::fixture::Fixture;

/// Words that the database would refuse, whatever it holds.
const REFUSED_BY_THE_DATABASE: [&str; 12] = [
    "/?q=%00",
    "/?tag=a%00b",
    "/?group=%00",
    "/websites/1?from=%00",
    "/feed.atom?group=%00",
    "/probe?target=http://a.test/%00",
    "/incidents?before=-009999-01-02T00:00:00Z",
    "/api/v1/websites?tag=%00",
    "/api/v1/websites/1/checks?location=%00",
    "/api/v1/websites/1/checks?since=-009999-01-02T00:00:00Z&until=-009999-01-03T00:00:00Z",
    "/api/v1/websites/1/checks?after=2026-01-01T00:00:00Z,------------------------------------",
    "/api/v1/groups?after=%00",
];

#[tokio::test]
async fn what_no_database_can_be_asked_is_refused_and_no_outage() {
    let fixture = Fixture::new().await;
    fixture.website(1, "http://a.test/", "null").await;
    fixture.up(1, "here", 5).await;
    for path in REFUSED_BY_THE_DATABASE {
        let answer = fixture.get(path).await;
        let told = answer.text();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {told}");
        if path.starts_with("/api/") {
            let told: Value = serde_json::from_str(told).unwrap();
            assert!(told["error"].is_string(), "{path}: {told}");
        }
    }
}

#[tokio::test]
async fn each_refusal_of_the_api_is_json_and_of_the_pages_a_page() {
    let fixture = Fixture::new().await;
    for (path, status, reason) in [
        (
            "/api/v1/websites/x",
            StatusCode::BAD_REQUEST,
            "by its number",
        ),
        (
            "/api/v1/websites/99999999999999999999",
            StatusCode::BAD_REQUEST,
            "by its number",
        ),
        (
            "/api/v1/websites/x/checks",
            StatusCode::BAD_REQUEST,
            "by its number",
        ),
        (
            "/api/v1/websites/1",
            StatusCode::NOT_FOUND,
            "no such website",
        ),
        ("/api/v1/nothing", StatusCode::NOT_FOUND, "openapi.json"),
        ("/api/v2/nothing", StatusCode::NOT_FOUND, "openapi.json"),
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.headers["content-type"], "application/json", "{path}");
        let told: Value = serde_json::from_str(answer.text()).unwrap();
        assert!(told["error"].as_str().unwrap().contains(reason), "{told}");
    }
    for (path, status) in [
        ("/websites/x", StatusCode::BAD_REQUEST),
        ("/incidents/x", StatusCode::BAD_REQUEST),
        ("/websites/1", StatusCode::NOT_FOUND),
        ("/nothing", StatusCode::NOT_FOUND),
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        let page = answer.text();
        assert!(page.contains("All websites"), "{path}: {page}");
    }
}

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
