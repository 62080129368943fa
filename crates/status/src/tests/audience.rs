//! What may be seen, and what not.

use axum::http::StatusCode;

use super::fixture::{Fixture, settings};
use crate::{Account, Finding, Outcomes, StatusSettings};

#[tokio::test]
async fn only_public_websites_are_seen_anywhere() {
    let fixture = Fixture::with(&settings(&["customer"])).await;
    fixture
        .website(1, "https://shop/", r#"{"tags":["customer"]}"#)
        .await;
    fixture
        .website(2, "https://private/", r#"{"tags":["internal"]}"#)
        .await;
    fixture.website(3, "https://private-too/", "null").await;
    for id in 1..=3 {
        fixture.up(id, "here", 5).await;
    }
    fixture
        .execute(
            "INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, \
                locations_down, locations_heard) \
            VALUES (2, now(), now(), gen_random_uuid(), 'here', -1, 1, 1); \
            INSERT INTO maintenance_spans VALUES (3, now(), now() + interval '1 h')",
        )
        .await;
    let answer = fixture.get("/").await;
    assert!(answer.text().contains("The website is up"));
    assert!(!answer.text().contains("private") && !answer.text().contains("internal"));
}

#[tokio::test]
async fn where_urls_are_not_told_no_page_and_no_machine_sees_one() {
    let settings = StatusSettings {
        shows_urls: false,
        ..settings(&[])
    };
    let fixture = Fixture::with(&settings).await;
    fixture
        .website(1, "https://inside.example/", r#"{"name":"Shop"}"#)
        .await;
    fixture.website(2, "https://inside.example/2", "null").await;
    for id in [1, 2] {
        fixture.up(id, "here", 5).await;
    }
    fixture
        .execute(
            "INSERT INTO incidents (id, website_id, started_at, opened_at, opened_by, location, error_code, \
                failure_reason, failure_detail, remote_address, locations_down, locations_heard) \
            VALUES (7, 2, now() - interval '1 min', now(), gen_random_uuid(), 'here', -1, 'connection_reset', \
                'inside.example closed it', '203.0.113.7:443', 1, 1); \
            INSERT INTO certificates (not_after, issuer, subject) \
            VALUES (now() + interval '60 d', 'CN=Authority', 'CN=inside.example'); \
            UPDATE metrics SET certificate_id = certificates.id, outcome = 'down', error_code = -1, \
                failure_reason = 'connection_reset', failure_detail = 'inside.example closed it', \
                remote_address = '203.0.113.7:443' FROM certificates WHERE website_id = 2; \
            INSERT INTO maintenance_spans VALUES (2, now(), now() + interval '1 h')",
        )
        .await;
    fixture.account(account_with_a_finding());
    for path in [
        "/",
        "/?q=website",
        "/websites/2",
        "/incidents",
        "/incidents/7",
        "/api/v1/websites",
        "/api/v1/websites/2",
        "/api/v1/websites/2/checks",
        "/api/v1/incidents",
        "/api/v1/maintenance",
        "/api/v2/summary.json",
        "/badge/2.svg",
        "/feed.atom",
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        let names_host = text.contains("inside") || text.contains("203.0.113.7");
        assert!(!names_host, "{path}: {text}");
    }
    let page = fixture.get("/").await;
    assert!(page.text().contains(">Shop</a>") && page.text().contains(">Website 2</a>"));
    // Nor can they be sought.
    let sought = fixture.get("/?q=inside").await;
    assert!(sought.text().contains("No website is so"));
}

/// Of a website without a name.
fn account_with_a_finding() -> Account {
    let at = "2026-08-27T03:12:00Z".parse().unwrap();
    let finding = Finding {
        website_id: 2,
        url: "https://inside.example/2".to_owned(),
        name: None,
        location: "here".to_owned(),
        wrong: "no row",
        checks: 1,
        first: at,
        last: at,
    };
    Account {
        until: at,
        due: 10,
        outcomes: Outcomes::default(),
        unaccounted: 1,
        findings: vec![finding],
        other_findings: 0,
    }
}
