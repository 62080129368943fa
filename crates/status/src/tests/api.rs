//! The JSON API, badges, the feed.

use axum::http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fixture::{Answer, Fixture, get, pages, settings};
use crate::times;

/// The addresses of docs/api.md's examples, as they stand there.
const EXAMPLES: &str = include_str!("../../../../docs/api.md");
const OPENAPI: &str = include_str!("../../assets/openapi.json");

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_str(answer.text()).unwrap()
}

/// Two websites, the first with checks of an hour, an incident and days.
async fn seeded() -> Fixture {
    let fixture = Fixture::new().await;
    let target = r#"{"name":"A","group":"Shop","tags":["customer"]}"#;
    fixture
        .website(1, "https://me:secret@a.example/x@y", target)
        .await;
    fixture.website(2, "https://b.example/", "null").await;
    fixture.up(2, "here", 30).await;
    fixture
        .execute(
            "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, response_time, \
                \"interval\", outcome, dns) \
            SELECT 1, place, date_trunc('minute', now()) - ago * interval '1 min', gen_random_uuid(), 200, \
                0.1, 60, CASE WHEN ago = 7 THEN 'down' ELSE 'up' END, 0.01 \
            FROM generate_series(1, 30) AS ago, unnest(ARRAY['here', 'there']) AS place; \
            INSERT INTO incidents (id, website_id, started_at, opened_at, opened_by, location, error_code, \
                failure_reason, locations_down, locations_heard) \
            VALUES (7, 1, now(), now(), gen_random_uuid(), 'here', -1, 'connect_refused', 1, 1); \
            INSERT INTO maintenance_spans VALUES (2, now(), now() + interval '1 h', 'new <disk>'); \
            INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, \
                slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts) \
            SELECT 1, current_date - back, 'here', 75, 25, 0, 0, 0, 0, 0, 1500, 7.5, 1, 1, 1, 1, 1, '{233,300}', \
                '{70,5}' FROM generate_series(1, 10) AS back",
        )
        .await;
    fixture
}

#[tokio::test]
async fn websites_are_told_without_their_credentials() {
    let fixture = seeded().await;
    let all = json(&fixture.get("/api/v1/websites").await);
    assert_eq!(all["websites"].as_array().unwrap().len(), 2);
    assert_eq!(all["next"], Value::Null);
    let one = &all["websites"][0];
    assert_eq!(
        (&one["state"], &one["url"]),
        (&"down".into(), &"https://***@a.example/x@y".into())
    );
    let first = json(&fixture.get("/api/v1/websites?limit=1").await);
    let next = first["next"].as_str().unwrap();
    let second = json(&fixture.get(next).await);
    assert_eq!(second["websites"][0]["id"], 2);
    let down = json(
        &fixture
            .get("/api/v1/websites?state=down&tag=customer&group=Shop")
            .await,
    );
    assert_eq!(down["websites"].as_array().unwrap().len(), 1);
    assert_eq!(json(&fixture.get("/api/v1/websites/1").await)["name"], "A");
    assert_eq!(
        fixture.get("/api/v1/websites/3").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn checks_come_in_pages_of_which_none_is_left_out_or_told_twice() {
    let fixture = seeded().await;
    let mut next = Some("/api/v1/websites/1/checks?limit=7".to_owned());
    let mut ids = Vec::new();
    while let Some(path) = next {
        let page = json(&fixture.get(&path).await);
        let checks = page["checks"].as_array().unwrap();
        ids.extend(
            checks
                .iter()
                .map(|it| it["check_id"].as_str().unwrap().to_owned()),
        );
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(ids.len(), 60, "two locations at each time");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    let lines = fixture
        .get("/api/v1/websites/1/checks?format=jsonl&outcome=down&location=here")
        .await;
    assert_eq!(lines.headers[header::CONTENT_TYPE], "application/x-ndjson");
    assert_eq!(lines.text().lines().count(), 1);
    let check: Value = serde_json::from_str(lines.text()).unwrap();
    assert_eq!(
        (&check["timings"]["dns"], &check["error_code"]),
        (&0.01.into(), &200.into())
    );
}

#[tokio::test]
async fn availability_never_stands_without_what_was_seen() {
    let fixture = seeded().await;
    let sum = json(&fixture.get("/api/v1/websites/1/availability").await);
    assert_eq!(
        (&sum["availability"], &sum["seen"]),
        (&0.75.into(), &1.0.into())
    );
    assert_eq!(sum["days"].as_array().unwrap().len(), 10);
    let median = sum["response_time"]["p50"].as_f64().unwrap();
    assert!((median - 0.1).abs() < 0.001, "{median}");
    // How phases are spread is told of a week at most.
    assert_eq!(sum["phase_percentiles"], Value::Null);
    let week = times::day_of(Timestamp::now() - SignedDuration::from_hours(6 * 24));
    let week = format!("/api/v1/websites/1/availability?from={week}");
    let week = json(&fixture.get(&week).await);
    assert_eq!(week["phase_percentiles"]["dns"]["p99"], 0.01, "{week}");
    let none = json(&fixture.get("/api/v1/websites/2/availability").await);
    assert_eq!(none["availability"], Value::Null);
    assert_eq!(
        fixture.get("/api/v1/websites/3/availability").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn incidents_and_maintenance_are_listed() {
    let fixture = seeded().await;
    let open = json(
        &fixture
            .get("/api/v1/incidents?status=open&group=Shop&website=1")
            .await,
    );
    assert_eq!(open["incidents"][0]["reason"], "connect_refused");
    let closed = json(&fixture.get("/api/v1/incidents?status=closed").await);
    assert_eq!(closed["incidents"], Value::Array(Vec::new()));
    let planned = json(&fixture.get("/api/v1/maintenance").await);
    assert_eq!(planned["maintenance"][0]["note"], "new <disk>");
}

#[tokio::test]
async fn other_peoples_pages_and_readers_are_served() {
    let fixture = seeded().await;
    let summary = fixture
        .get_with("/api/v2/summary.json", &[("host", "status.test")])
        .await;
    let told = json(&summary);
    assert_eq!(summary.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(told["status"]["indicator"], "major");
    assert_eq!(told["components"][0]["status"], "major_outage");
    assert_eq!(
        told["incidents"][0]["shortlink"],
        "http://status.test/incidents/7"
    );
    let planned = &told["scheduled_maintenances"][0];
    assert_eq!(
        (&planned["status"], &planned["name"]),
        (&"in_progress".into(), &"new <disk>".into())
    );
    assert_eq!(planned["components"][0]["name"], "b.example");
    let badge = fixture.get("/badge/1.svg?show=uptime90").await;
    assert_eq!(badge.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(badge.text().contains("75 % in 90 d"));
    assert_eq!(
        fixture.get("/badge/9.svg").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        fixture.get("/badge/1.png").await.status,
        StatusCode::BAD_REQUEST
    );
    let feed = fixture.get("/feed.atom?group=Shop").await;
    assert!(
        feed.text()
            .contains("<entry><title>A: connection refused</title>")
    );
    assert!(
        !fixture
            .get("/feed.atom?group=Else")
            .await
            .text()
            .contains("<entry>")
    );
    for page in [summary.text(), badge.text(), feed.text()] {
        assert!(!page.contains("secret"));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_as_json() {
    let fixture = seeded().await;
    for (path, reason) in [
        ("/api/v1/websites?state=dead", "state is none of down"),
        ("/api/v1/websites?limit=1001", "limit is more than 1000"),
        ("/api/v1/websites?sort=name", "sort is none of tag, state"),
        ("/api/v1/websites?after=x", "after is none"),
        (
            "/api/v1/websites/1/checks?after=2026-01-01T00:00:00Z,x",
            "after is none",
        ),
        (
            "/api/v1/websites/1/checks?since=2020-01-01T00:00:00Z",
            "longer than 400 days",
        ),
        (
            "/api/v1/websites/1/availability?from=2026-13-01",
            "from is not a day",
        ),
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let told: Value = serde_json::from_str(answer.text()).unwrap();
        assert!(
            told["error"].as_str().unwrap().contains(reason),
            "{path}: {told}"
        );
    }
    let nowhere = super::fixture::database("postgres://me@127.0.0.1:1/d");
    let pages = pages(&settings(&[]), &nowhere).router;
    let answer = get(&pages, "/api/v1/websites", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_answer_that_did_not_change_is_not_sent_again() {
    let fixture = seeded().await;
    let first = fixture.get("/api/v1/maintenance").await;
    let tag = first.headers[header::ETAG].to_str().unwrap();
    let second = fixture
        .get_with("/api/v1/maintenance", &[("if-none-match", tag)])
        .await;
    assert_eq!(
        (second.status, second.bytes.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
}

#[tokio::test]
async fn the_description_names_what_is_answered_and_its_words() {
    let fixture = seeded().await;
    let description: Value = serde_json::from_str(OPENAPI).unwrap();
    let path_of = |path: &str| path.replace("{id}", "1").replace("{image}", "1.svg");
    for (path, methods) in description["paths"].as_object().unwrap() {
        let answer = fixture.get(&path_of(path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let schema = &methods["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if let Ok(Value::Object(told)) = serde_json::from_str(answer.text()) {
            let lists = schema["properties"].as_object();
            for (name, list) in lists.into_iter().flatten().filter(|it| it.0 != "next") {
                holds(&description, &list["items"], &told[name][0], path);
            }
            if schema["$ref"].is_string() {
                holds(&description, schema, &Value::Object(told), path);
            }
        }
        // Each word that it names is taken.
        let words = methods["get"]["parameters"].as_array();
        for word in words.into_iter().flatten().filter(|it| it["in"] == "query") {
            let name = word["name"].as_str().unwrap();
            let answer = fixture.get(&format!("{}?{name}=", path_of(path))).await;
            assert!(!answer.text().contains("is none of tag,"), "{path}: {name}");
        }
    }
}

/// What was told has the members that its description names, each of them and no other.
fn holds(description: &Value, schema: &Value, told: &Value, path: &str) {
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let named = description["components"]["schemas"][name]["properties"]
        .as_object()
        .unwrap();
    let told = told
        .as_object()
        .unwrap_or_else(|| panic!("{path} tells of no {name}"));
    let keys = |members: &serde_json::Map<String, Value>| {
        let mut keys: Vec<_> = members.keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(told), keys(named), "{path}: {name}");
}

#[tokio::test]
async fn the_examples_of_the_documentation_work() {
    let fixture = seeded().await;
    let lines = EXAMPLES
        .lines()
        .filter_map(|line| line.split_once("curl -s 'http://127.0.0.1:8080"));
    let paths: Vec<_> = lines
        .filter_map(|(_, rest)| rest.split_once('\''))
        .map(|it| it.0)
        .collect();
    assert!(paths.len() > 5);
    for path in paths {
        assert_eq!(fixture.get(path).await.status, StatusCode::OK, "{path}");
    }
}
