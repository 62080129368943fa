//! Names, groups, tags and texts that were chosen to hurt.

use browser::{Browser, Screen};

use super::{super::fixture::Fixture, sound::visit};

const MARKUP: &str = "<img src=x onerror=pwned=1><script>pwned=1</script>&amp;{{7*7}}";
/// Hebrew with a Latin word, and a mark that would turn what follows it around.
const RIGHT_TO_LEFT: &str = "חנות shop \u{202e}\u{2067}";

async fn hostile() -> Fixture {
    let fixture = Fixture::new().await;
    let long = "W".repeat(400);
    let names = [MARKUP, RIGHT_TO_LEFT, long.as_str()];
    for (id, name) in (1..).zip(names) {
        let target = serde_json::json!({ "name": name, "group": name, "tags": [name],
            "description": name });
        let url = format!("https://me:secret@a{id}.example/?<b>{name}");
        let values = format!("({id}, $x${url}$x$, $x${target}$x$, now() - interval '9 d')");
        fixture
            .execute(&format!(
                "INSERT INTO websites (id, url, target, created_at) VALUES {values}; \
                INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, \
                    response_time, \"interval\", outcome, failure_reason, failure_detail, matched_text) \
                VALUES ({id}, $x${name}$x$, now() - interval '20 s', gen_random_uuid(), -1, 0.2, 60, \
                    'down', 'connect_refused', $x${name}$x$, $x${name}$x$); \
                INSERT INTO incidents (id, website_id, started_at, opened_at, opened_by, location, \
                    error_code, failure_reason, failure_detail, locations_down, locations_heard) \
                SELECT {id}, website_id, scheduled_at, now(), check_id, location, -1, 'connect_refused', \
                    failure_detail, 1, 1 FROM metrics WHERE website_id = {id}; \
                INSERT INTO maintenance_spans VALUES ({id}, now() + interval '1 d', \
                    now() + interval '2 d', $x${name}$x$)",
            ))
            .await;
    }
    fixture
}

#[tokio::test]
async fn names_full_of_markup_and_of_other_directions_are_text() {
    let mut fixture = hostile().await;
    let address = fixture.serve().await;
    let mut browser = Browser::open(Screen::PHONE).await.unwrap();
    for screen in [Screen::PHONE, Screen::DESK] {
        browser.show_on(screen).await.unwrap();
        for path in [
            "/",
            "/websites/1",
            "/websites/2",
            "/websites/3",
            "/incidents",
            "/incidents/1",
            "/incidents/2",
            "/incidents/3",
        ] {
            visit(&browser, &format!("{address}{path}")).await;
            let pwned = "String(window.pwned)";
            assert_eq!(browser.text(pwned).await.unwrap(), "undefined", "{path}");
        }
    }
    browser.go(&format!("{address}/websites/1")).await.unwrap();
    assert_eq!(browser.text_of("h1").await.unwrap(), MARKUP);
    browser.go(&format!("{address}/websites/2")).await.unwrap();
    let direction = "getComputedStyle(document.querySelector('h1')).direction";
    assert_eq!(browser.text(direction).await.unwrap(), "rtl");
}
