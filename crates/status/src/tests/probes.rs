//! What Prometheus is told of what the database holds.

use axum::http::StatusCode;

use super::fixture::{Fixture, settings};

/// The line of a series, without its name.
fn value<'a>(text: &'a str, series: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[tokio::test]
async fn each_location_tells_what_it_saw_last() {
    let fixture = Fixture::new().await;
    let target = r#"{"name":"The \"shop\"","group":"Web","tags":["de","shop",null,7]}"#;
    fixture
        .website(1, "https://me:secret@a.test/", target)
        .await;
    let columns = "outcome, dns, first_byte, http_version, tls_version, remote_address, redirects, body_bytes";
    let values = "'up', 0.011, 0.044, 'HTTP/2', 'TLSv1.3', '[::1]:443', 1, -1";
    fixture.result((1, "fra", 70), "outcome", "'down'").await;
    fixture.result((1, "fra", 10), columns, values).await;
    let columns = "outcome, failure_reason";
    fixture
        .result((1, "sfo", 10), columns, "'down', 'dns_not_found'")
        .await;
    fixture
        .execute(
            "INSERT INTO certificates (id, not_after, issuer, subject) \
                VALUES (1, 'epoch'::timestamptz + interval '20 days', 'CA', 'a.test'); \
            UPDATE metrics SET certificate_id = 1 WHERE location = 'fra'; \
            UPDATE metrics SET error_code = 404 WHERE location = 'sfo'",
        )
        .await;
    let answer = fixture.get("/probes").await;
    let text = answer.text();
    assert_eq!(answer.status, StatusCode::OK, "{text}");
    assert!(!text.contains("secret"), "{text}");
    let of = |location| format!("instance=\"https://***@a.test/\",location=\"{location}\"");
    let [fra, sfo] = ["fra", "sfo"].map(of);
    for (series, wanted) in [
        (format!("probe_success{{{fra}}}"), "1"),
        (format!("probe_success{{{sfo}}}"), "0"),
        (format!("probe_duration_seconds{{{fra}}}"), "0.2"),
        (format!("probe_dns_lookup_time_seconds{{{fra}}}"), "0.011"),
        (
            format!("probe_http_duration_seconds{{{fra},phase=\"processing\"}}"),
            "0.044",
        ),
        (format!("probe_http_status_code{{{fra}}}"), "200"),
        // Ours for a name that does not resolve: no status of the site's.
        (format!("probe_http_status_code{{{sfo}}}"), "0"),
        (format!("probe_http_version{{{fra}}}"), "2"),
        (format!("probe_http_redirects{{{fra}}}"), "1"),
        (format!("probe_http_uncompressed_body_length{{{fra}}}"), "0"),
        (format!("probe_ip_protocol{{{fra}}}"), "6"),
        (
            format!("probe_tls_version_info{{{fra},version=\"TLS 1.3\"}}"),
            "1",
        ),
        (
            format!("probe_ssl_earliest_cert_expiry{{{fra}}}"),
            "1728000",
        ),
        (
            format!(
                "website_info{{{sfo},name=\"The \\\"shop\\\"\",group=\"Web\",tags=\"de,shop,7\"}}"
            ),
            "1",
        ),
    ] {
        assert_eq!(value(text, &series), Some(wanted), "{series} in\n{text}");
    }
}

#[tokio::test]
async fn what_says_nothing_of_a_site_is_withheld_and_counted() {
    let fixture = Fixture::new().await;
    for id in 1..=5 {
        fixture
            .website(id, &format!("https://{id}.test/"), "{}")
            .await;
        fixture.up(id, "", 70).await;
    }
    fixture.up(1, "", 10).await;
    fixture.result((2, "", 10), "outcome", "'missed'").await;
    let columns = "outcome, witness";
    fixture.result((3, "", 10), columns, "'down', 'down'").await;
    // Of the fourth, nobody heard for four of its intervals; the fifth left the list.
    fixture
        .execute("UPDATE metrics SET scheduled_at = now() - interval '4 min' WHERE website_id = 4")
        .await;
    let columns = "outcome, failure_reason";
    fixture
        .result((5, "", 10), columns, "'skipped', 'target_removed'")
        .await;
    fixture
        .execute(
            "INSERT INTO hours SELECT 3, date_trunc('hour', now()), '', 5, 1, 2, 0, 4, 3, 0, 0, \
                0, 0, 0, 0, 0, 0, '{}', '{}'",
        )
        .await;
    let answer = fixture.get("/probes").await;
    let text = answer.text();
    let shown = |id: i64| {
        value(
            text,
            &format!("probe_success{{instance=\"https://{id}.test/\",location=\"\"}}"),
        )
    };
    assert_eq!(
        [1, 2, 3, 4, 5].map(shown),
        [Some("1"), None, None, None, None]
    );
    let is_told = [2, 3, 4, 5]
        .map(|id| text.contains(&format!("website_info{{instance=\"https://{id}.test/\"")));
    assert_eq!(is_told, [true, true, true, false]);
    for (outcome, count) in [
        ("up", "5"),
        ("down", "1"),
        ("missed", "2"),
        ("doubted", "3"),
        ("maintenance", "4"),
    ] {
        let series = format!(
            "website_checks_total{{instance=\"https://3.test/\",location=\"\",outcome=\"{outcome}\"}}"
        );
        assert_eq!(value(text, &series), Some(count), "{series} in\n{text}");
    }
}

#[tokio::test]
async fn one_is_asked_for_by_its_url_and_nobody_sees_what_is_not_public() {
    let fixture = Fixture::with(&settings(&["customer"])).await;
    let target = r#"{"tags":["customer"]}"#;
    fixture
        .website(1, "https://me:secret@a.test/", target)
        .await;
    fixture.website(2, "https://b.test/", "{}").await;
    fixture.up(1, "fra", 10).await;
    fixture.up(2, "fra", 10).await;
    for target in [
        "https://me:secret@a.test/",
        "https://***@a.test/",
        "https://***@a.test",
    ] {
        let answer = fixture
            .get(&format!("/probe?module=http_2xx&target={target}"))
            .await;
        let text = answer.text();
        assert_eq!(
            value(text, "probe_success{location=\"fra\"}"),
            Some("1"),
            "{target}: {text}"
        );
    }
    for target in ["https://b.test/", "https://c.test/", "https://a.test/"] {
        let answer = fixture.get(&format!("/probe?target={target}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{target}");
    }
    assert!(!fixture.get("/probes").await.text().contains("b.test"));
}

#[tokio::test]
async fn of_the_original_a_code_that_may_stand_for_a_failure_is_no_status() {
    let fixture = Fixture::new().await;
    for (id, code) in [(1, 404), (2, 503)] {
        fixture
            .website(id, &format!("http://{id}.test/"), "{}")
            .await;
        fixture.result((id, "", 10), "schema_version", "NULL").await;
        fixture
            .execute(&format!(
                "UPDATE metrics SET error_code = {code} WHERE website_id = {id}"
            ))
            .await;
    }
    let answer = fixture.get("/probes").await;
    let text = answer.text();
    for (id, status) in [(1, "0"), (2, "503")] {
        let of = format!("{{instance=\"http://{id}.test/\",location=\"\"}}");
        assert_eq!(
            value(text, &format!("probe_success{of}")),
            Some("0"),
            "{text}"
        );
        assert_eq!(
            value(text, &format!("probe_http_status_code{of}")),
            Some(status),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_is_being_worked_on_is_said_beside_how_it_is() {
    let fixture = Fixture::new().await;
    for id in [1, 2] {
        fixture
            .website(id, &format!("https://{id}.test/"), "{}")
            .await;
        fixture.result((id, "", 10), "outcome", "'down'").await;
    }
    fixture
        .execute(
            "INSERT INTO maintenance_spans (website_id, starts_at, ends_at) \
                VALUES (1, now() - interval '1 min', now() + interval '1 min'), \
                    (2, now() - interval '2 min', now() - interval '1 min')",
        )
        .await;
    let answer = fixture.get("/probes").await;
    let text = answer.text();
    for (id, maintained) in [(1, "1"), (2, "0")] {
        let of = format!("{{instance=\"https://{id}.test/\",location=\"\"}}");
        let shown = value(text, &format!("website_maintenance{of}"));
        assert_eq!(shown, Some(maintained), "{text}");
        assert_eq!(
            value(text, &format!("probe_success{of}")),
            Some("0"),
            "{text}"
        );
    }
}
