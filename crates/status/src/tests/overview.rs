//! All websites on one page.

use axum::http::{StatusCode, header};
use database::Database;

use super::fixture::{Fixture, database, get, pages, settings};

/// What the page says of a website in its column of states.
fn state<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, line) = page.split_once(&format!(">{name}</a>")).expect(name);
    let (line, _) = line.split_once("c-days").unwrap();
    let (_, class) = line.split_once("class=\"st ").unwrap();
    class.split('"').next().unwrap()
}

#[tokio::test]
async fn a_page_without_any_website_says_so() {
    let fixture = Fixture::new().await;
    let page = fixture.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("No website yet"));
    assert!(
        !page.text().contains("are up"),
        "nothing is known, so nothing is well"
    );
}

/// A website in each state, named as it is.
async fn one_of_each() -> Fixture {
    let fixture = Fixture::new().await;
    for (id, name) in (0..).zip([
        "up",
        "slow",
        "part",
        "down",
        "silent",
        "worked-on",
        "missed",
    ]) {
        let target = format!(r#"{{"name":"{name}","slow_after":1}}"#);
        fixture
            .website(id, &format!("https://{name}/"), &target)
            .await;
    }
    for id in [0, 1, 2, 3, 5] {
        fixture.up(id, "here", 20).await;
    }
    // One of two locations sees it down.
    let failed = "'down', 'connect_refused'";
    fixture
        .result((2, "there", 20), "outcome, failure_reason", failed)
        .await;
    fixture.up(4, "here", 400).await;
    // The prober did not look: that is no fault of the site, and no word of it either.
    let missed = "'missed', 'prober_failed'";
    fixture.up(6, "here", 80).await;
    fixture
        .result((6, "here", 20), "outcome, failure_reason", missed)
        .await;
    fixture
        .execute(
            "UPDATE metrics SET response_time = 1.5 WHERE website_id = 1; \
            INSERT INTO states (website_id, location, is_down, since, newest_at) VALUES \
                (2, 'there', true, now() - interval '5 min', now()), (3, 'here', true, now(), now()); \
            INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, \
                failure_reason, locations_down, locations_heard) \
            VALUES (3, now() - interval '10 min', now(), gen_random_uuid(), 'here', 599, \
                'connect_timeout', 1, 1); \
            INSERT INTO maintenance_spans VALUES (5, now() - interval '1 h', now() + interval '1 h')",
        )
        .await;
    fixture
}

#[tokio::test]
async fn each_state_is_told_by_what_is_stored() {
    let fixture = one_of_each().await;
    let answer = fixture.get("/").await;
    let page = answer.text();
    for (name, expected) in [
        ("up", "up"),
        ("slow", "slow"),
        ("part", "partial"),
        ("down", "down"),
        ("silent", "silent"),
        ("worked-on", "maint"),
        ("missed", "up"),
    ] {
        assert_eq!(state(page, name), expected, "{name}");
    }
    assert!(page.contains("1 of 7 websites is down"));
    assert!(page.contains("Connect timed out"));
    assert!(page.contains("Partial, 1 of 2"));
    assert!(page.contains("connection refused"));
}

#[tokio::test]
async fn a_website_that_left_the_list_is_not_shown() {
    let fixture = Fixture::new().await;
    fixture.website(1, "https://here/", "null").await;
    fixture.website(2, "https://gone/", "null").await;
    fixture.up(1, "here", 20).await;
    fixture.up(2, "here", 80).await;
    let removed = "'skipped', 'target_removed'";
    fixture
        .result((2, "here", 20), "outcome, failure_reason", removed)
        .await;
    let answer = fixture.get("/").await;
    assert!(answer.text().contains("The website is up"));
    assert!(!answer.text().contains("gone"));
}

#[tokio::test]
async fn a_dead_monitor_leaves_no_green_page() {
    let fixture = Fixture::new().await;
    fixture.website(1, "https://a/", "null").await;
    fixture.up(1, "here", 3600).await;
    let answer = fixture.get("/").await;
    assert!(answer.text().contains("how things are is not known"));
    assert!(answer.text().contains("asof late"));
    assert_eq!(state(answer.text(), "a"), "silent");
}

#[tokio::test]
async fn what_sites_say_is_text_and_credentials_stay_here() {
    let fixture = Fixture::new().await;
    let target = r#"{"name":"<script>alert(1)</script>","group":"\" onload=\"x","tags":["<em>"]}"#;
    fixture
        .website(1, "https://me:secret@a.example/?<i>", target)
        .await;
    fixture.up(1, "<u>here", 5).await;
    let answer = fixture.get("/").await;
    let page = answer.text();
    for markup in [
        "<script>alert",
        "\" onload=\"x",
        "<em>",
        "<i>",
        "<u>",
        "<Status>",
        "secret",
        "me:",
    ] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("a.example/?&lt;i&gt;"));
    let policy = &answer.headers[header::CONTENT_SECURITY_POLICY];
    assert!(!policy.to_str().unwrap().contains("unsafe"));
    assert!(!page.contains("style="), "the policy takes no inline style");
    // Nor can they be sought.
    let found = fixture.get("/?q=secret").await;
    assert!(found.text().contains("No website is so"));
}

#[tokio::test]
async fn many_websites_come_in_closed_groups_and_pages_of_at_most_60_kb() {
    let fixture = Fixture::new().await;
    fixture.websites_in_groups(240, 2).await;
    fixture
        .execute(
            "INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, \
                slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts) \
            SELECT id, current_date - back, '', 1440 - bad, bad, bad, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, '{}', \
                '{}' \
            FROM (SELECT id, back, CASE WHEN random() < 0.05 THEN 1 + floor(random() * 99)::int ELSE 0 END \
                AS bad FROM generate_series(1, 240) AS id, generate_series(0, 100) AS back) AS counts; \
            INSERT INTO hours (website_id, hour, location, up, down, missed, skipped, doubted, maintenance, \
                slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts) \
            SELECT id, date_trunc('hour', now()) - back * interval '1 h', '', 60, 0, 0, 0, 0, 0, 0, 0, \
                60 * random(), 1, 1, 1, 1, 1, '{}', '{}' \
            FROM generate_series(1, 240) AS id, generate_series(0, 23) AS back",
        )
        .await;
    let answer = fixture.get("/").await;
    let page = answer.text();
    assert!(page.contains("1 of 240 websites is down"));
    assert_eq!(
        page.matches("<tr role=\"row\" data-q").count(),
        1,
        "only what is not up"
    );
    assert!(page.contains("data-rows=\"/?group=Group+1\""));
    let rows = |page: &str| page.matches("<tr role=\"row\" data-q").count();
    let first = fixture.get("/?group=Group+1").await;
    let second = fixture.get("/?group=Group+1&page=2").await;
    assert_eq!((rows(first.text()), rows(second.text())), (100, 20));
    assert!(first.text().contains("Page 1 of 2"));

    let compressed = [("accept-encoding", "gzip")];
    let mut bytes = 0;
    for part in first
        .text()
        .split(['"'])
        .filter(|part| part.starts_with("/assets/"))
    {
        bytes += fixture.get_with(part, &compressed).await.bytes.len();
    }
    assert!(bytes > 1000, "style sheet, script and icon are counted");
    bytes += fixture
        .get_with("/?group=Group+1", &compressed)
        .await
        .bytes
        .len();
    assert!(bytes < 60_000, "{bytes} bytes with 100 websites");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_reason() {
    let fixture = Fixture::new().await;
    let answer = fixture.get("/?state=%3Cdead%3E").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("state is none of down, partial"));
}

#[tokio::test]
async fn without_its_database_the_page_says_that_and_not_where_it_was() {
    let nowhere = database("postgres://me:secret@127.0.0.1:1/d");
    let pages = pages(&settings(&[]), &nowhere).router;
    let answer = get(&pages, "/", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    assert!(answer.text().contains("The database does not answer"));
    assert!(!answer.text().contains("secret") && !answer.text().contains("127.0.0.1"));
}

fn reading(uri: &str) -> Database {
    let writing = Database::new(&database(uri)).unwrap();
    writing.for_reading(1).unwrap()
}

#[tokio::test]
async fn who_reads_cannot_write() {
    let fixture = Fixture::new().await;
    let reading = reading(&fixture.uri);
    let write = database::Statement::new("writing", "INSERT INTO websites (url) VALUES ('x')");
    let refused = reading
        .attempt(async |client| write.execute(client, &[]).await)
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn what_is_read_is_planned_by_its_own_values_however_often() {
    let fixture = Fixture::new().await;
    let reading = reading(&fixture.uri);
    let websites = database::Statement::new(
        "counting",
        "SELECT count(*) FROM websites WHERE $1::bigint IS NULL OR id = $1",
    );
    let general = database::Statement::new(
        "counting plans",
        "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(%'",
    );
    let plans = reading.attempt(async |client| {
        // After five times the server would think of a plan for any values.
        for _ in 0..9 {
            websites.query_one(client, &[&None::<i64>]).await?;
        }
        general.query_one(client, &[]).await
    });
    assert_eq!(plans.await.unwrap().get::<_, i64>(0), 0);
}
