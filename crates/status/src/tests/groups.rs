//! What groups of websites may still fail together.

use serde_json::Value;

use super::fixture::Fixture;

/// Two websites of a group with an aim, of which one failed some checks, and one of another group.
async fn seeded() -> Fixture {
    let fixture = Fixture::new().await;
    for (id, group) in [(1, "Shop"), (2, "Shop"), (3, "Blog")] {
        let target = format!(r#"{{"name":"Site {id}","group":"{group}"}}"#);
        fixture
            .website(id, &format!("https://site-{id}.example/"), &target)
            .await;
        fixture.up(id, "here", 30).await;
    }
    fixture
        .execute(
            "INSERT INTO group_slos VALUES ('Shop', 99), ('Nobody', 99); \
            INSERT INTO days (website_id, day, location, up, down, missed, skipped, doubted, maintenance, \
                slow, down_time, response_time, dns, connect, tls, first_byte, body, buckets, bucket_counts) \
            SELECT id, current_date - back, 'here', 100, CASE WHEN id = 1 AND back = 2 THEN 5 ELSE 0 END, \
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '{}' \
            FROM generate_series(1, 3) AS id, generate_series(1, 40) AS back",
        )
        .await;
    fixture
}

#[tokio::test]
async fn a_group_tells_what_is_left_of_its_error_budget() {
    let fixture = seeded().await;
    // 29 days of two websites are 5,805 checks, of which 58 may fail.
    let page = fixture.get("/").await;
    assert!(
        page.text().contains("91.37 % of the error budget left"),
        "{}",
        page.text()
    );
    assert!(
        page.text()
            .contains("30 days allow 58 failed checks, 5 failed")
    );
    assert_eq!(
        page.text().matches("error budget").count(),
        1,
        "the others have none"
    );
    let told: Value = serde_json::from_str(fixture.get("/api/v1/groups").await.text()).unwrap();
    let groups = told["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2, "{told}");
    assert_eq!(groups[0]["slo"], Value::Null);
    assert_eq!(
        (&groups[1]["name"], &groups[1]["websites"]),
        (&"Shop".into(), &2.into())
    );
    assert_eq!(groups[1]["states"]["up"], 2);
    assert_eq!(groups[1]["budget_left"], 0.913_867);
    fixture.execute("UPDATE days SET down = down * 20").await;
    let page = fixture.get("/?sort=name").await;
    assert!(page.text().contains("Error budget spent"));
}

#[tokio::test]
async fn groups_come_in_pages() {
    let fixture = seeded().await;
    let read = async |path: &str| -> Value {
        serde_json::from_str(fixture.get(path).await.text()).unwrap()
    };
    let first = read("/api/v1/groups?limit=1").await;
    assert_eq!(first["groups"][0]["name"], "Blog");
    let second = read(first["next"].as_str().unwrap()).await;
    assert_eq!(second["groups"][0]["name"], "Shop");
}
