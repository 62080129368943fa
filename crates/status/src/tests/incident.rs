//! An incident's page.

use axum::http::StatusCode;

use super::fixture::{Fixture, settings};
use crate::StatusSettings;

/// A website that was down for two checks, ten minutes ago; its checks have ids that tell their time.
async fn down_for_two_checks(settings: &StatusSettings) -> Fixture {
    let fixture = Fixture::with(settings).await;
    fixture
        .website(1, "https://a/", r#"{"tags":["internal"]}"#)
        .await;
    fixture
        .execute(
            "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, \
                \"interval\", outcome, failure_reason, failure_phase) \
            SELECT 1, 'here', date_trunc('minute', now()) - ago * interval '1 min', \
                ('00000000-0000-4000-8000-0000000000' || 10 + ago)::uuid, 200, 0.1, 60, \
                CASE WHEN ago IN (10, 11) THEN 'down' ELSE 'up' END, \
                CASE WHEN ago IN (10, 11) THEN 'connect_refused' END, \
                CASE WHEN ago IN (10, 11) THEN 'connect' END \
            FROM generate_series(1, 30) AS ago; \
            INSERT INTO incidents (id, website_id, started_at, opened_at, opened_by, ended_at, closed_at, \
                closed_by, last_good_at, location, error_code, failure_reason, failure_phase, \
                locations_down, locations_heard) \
            SELECT 7, 1, minute - interval '11 min', minute - interval '10 min', \
                '00000000-0000-4000-8000-000000000020', minute - interval '9 min', \
                minute - interval '9 min', '00000000-0000-4000-8000-000000000019', \
                minute - interval '12 min', 'here', -1, 'connect_refused', 'connect', 1, 1 \
            FROM date_trunc('minute', now()) AS minute",
        )
        .await;
    fixture
}

#[tokio::test]
async fn an_incident_shows_the_very_checks_that_opened_and_closed_it() {
    let fixture = down_for_two_checks(&settings(&[])).await;
    let answer = fixture.get("/incidents/7").await;
    let page = answer.text();
    assert_eq!(answer.status, StatusCode::OK, "{page}");
    let row_of = |number: u8| {
        let start = format!("check-00000000-0000-4000-8000-0000000000{number}");
        let (_, row) = page.split_once(&start).expect(&start);
        row.split("</tr>").next().unwrap()
    };
    assert!(row_of(21).contains("first failed check"));
    assert!(row_of(20).contains("this opened it"));
    assert!(row_of(19).contains("this closed it"));
    assert!(page.contains("connection refused"));
    // One mark a check around it: the two that failed are taller.
    assert_eq!(page.matches("class=\"fd\" x=").count(), 2);
    // From the overview, the list and the website it is one click away.
    for path in ["/", "/incidents", "/websites/1"] {
        let answer = fixture.get(path).await;
        assert!(answer.text().contains("href=\"/incidents/7\""), "{path}");
    }
}

#[tokio::test]
async fn an_incident_of_a_hidden_website_is_not_known() {
    let fixture = down_for_two_checks(&settings(&["public"])).await;
    assert_eq!(
        fixture.get("/incidents/7").await.status,
        StatusCode::NOT_FOUND
    );
    assert!(
        !fixture
            .get("/incidents")
            .await
            .text()
            .contains("/incidents/7")
    );
}
