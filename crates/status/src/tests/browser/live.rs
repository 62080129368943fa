//! A page that stays open.

use std::time::Duration;

use browser::{Browser, Screen};
use tokio::time::{Instant, sleep};

use super::{super::fixture::Fixture, sound::is_sound};

/// Longer than pages wait for anything, and a busy machine for a browser.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Waits until an expression is what it should be.
pub(super) async fn eventually(browser: &Browser, expression: &str, expected: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // A page that is just being replaced has no answer.
        let found = browser.text(expression).await.unwrap_or_default();
        if found == expected {
            return;
        }
        let is_over = Instant::now() > deadline;
        assert!(!is_over, "{expression} is {found:?}, not {expected:?}");
        sleep(LOOK_INTERVAL).await;
    }
}

const HEADLINE: &str = "document.querySelector('h1').innerText";
/// Lost when the page is loaded anew.
const MARK: &str = "String(window.mark)";

async fn two_websites() -> Fixture {
    let fixture = Fixture::new().await;
    for (id, name) in [(1, "Shop"), (2, "Mail")] {
        let target = format!(r#"{{"name":"{name}"}}"#);
        fixture
            .website(id, &format!("https://{name}/"), &target)
            .await;
        fixture.up(id, "here", 20).await;
    }
    // However slow the machine is, results do not get late meanwhile.
    fixture
        .execute("UPDATE metrics SET \"interval\" = 3600")
        .await;
    fixture
}

async fn goes_down(fixture: &Fixture) {
    let down = "INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, \
        error_code, failure_reason, locations_down, locations_heard) \
        VALUES (2, now(), now(), gen_random_uuid(), 'here', -1, 'connect_refused', 1, 1)";
    fixture.execute(down).await;
}

#[tokio::test]
async fn an_open_page_shows_by_itself_that_a_website_went_down_and_came_back() {
    let mut fixture = two_websites().await;
    let address = fixture.serve().await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    browser.go(&address).await.unwrap();
    assert_eq!(
        browser.text(HEADLINE).await.unwrap(),
        "All 2 websites are up"
    );
    browser.run("window.mark = 'here'").await.unwrap();
    goes_down(&fixture).await;
    eventually(&browser, HEADLINE, "1 of 2 websites is down").await;
    assert!(
        browser
            .text("document.title")
            .await
            .unwrap()
            .starts_with("1 down")
    );
    fixture
        .execute("UPDATE incidents SET ended_at = now(), closed_at = now(), closed_by = opened_by")
        .await;
    eventually(&browser, HEADLINE, "All 2 websites are up").await;
    assert_eq!(
        browser.text(MARK).await.unwrap(),
        "here",
        "it was not loaded anew"
    );
    is_sound(&browser, "the page that stayed open").await;
}

#[tokio::test]
async fn a_page_that_is_told_nothing_asks_by_itself() {
    // Nobody looks out for it.
    let mut fixture = two_websites().await;
    let address = fixture.serve_without_lookout().await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    browser.go(&address).await.unwrap();
    goes_down(&fixture).await;
    eventually(&browser, HEADLINE, "1 of 2 websites is down").await;
}

#[tokio::test]
async fn a_page_of_an_outage_is_replaced_when_the_database_is_back() {
    let mut fixture = two_websites().await;
    let address = fixture.serve().await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    fixture
        .execute("ALTER TABLE websites RENAME TO elsewhere")
        .await;
    browser.go(&address).await.unwrap();
    let headline = browser.text(HEADLINE).await.unwrap();
    assert!(
        headline.contains("how things are is not known"),
        "{headline}"
    );
    let barriers = browser.barriers().await.unwrap();
    assert!(barriers.is_empty(), "{barriers:#?}");
    // The console tells of the 503 itself.
    browser.complaints().await.unwrap();
    fixture
        .execute("ALTER TABLE elsewhere RENAME TO websites")
        .await;
    eventually(&browser, HEADLINE, "All 2 websites are up").await;
}
