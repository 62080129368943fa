//! No website, none that was ever checked, and a thousand.

use browser::{Browser, Screen};

use super::{
    super::fixture::Fixture,
    live::eventually,
    sound::{is_sound, visit},
};

/// From the order to go to the page until it is loaded, on a busy machine.
const LOADED_MAX_MS: u64 = 5_000;

#[tokio::test]
async fn where_there_is_nothing_to_see_the_page_says_so() {
    let mut fixture = Fixture::new().await;
    let address = fixture.serve().await;
    let browser = Browser::open(Screen::PHONE).await.unwrap();
    visit(&browser, &address).await;
    assert_eq!(browser.text_of("h1").await.unwrap(), "No website yet");
    visit(&browser, &format!("{address}/incidents")).await;
    let new = "INSERT INTO websites (id, url) VALUES (1, 'https://new.example/')";
    fixture.execute(new).await;
    visit(&browser, &format!("{address}/?state=never")).await;
    let main = browser.text_of("main").await.unwrap();
    assert!(main.contains("new.example"), "{main}");
    visit(&browser, &format!("{address}/websites/1")).await;
}

#[tokio::test]
async fn a_thousand_websites_come_in_groups_that_are_opened() {
    let mut fixture = Fixture::new().await;
    fixture.websites_in_groups(1000, 20).await;
    fixture.execute("ANALYZE").await;
    let address = fixture.serve().await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    let headline = "document.querySelector('h1').innerText";
    settle(&browser, &address, headline, "1 of 1,000 websites is down").await;
    let loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd | 0";
    let loaded: u64 = browser.text(loaded).await.unwrap().parse().unwrap();
    assert!(loaded < LOADED_MAX_MS, "{loaded} ms");
    let open = "document.querySelector('[data-rows] summary').click()";
    browser.run(open).await.unwrap();
    let rows = "document.querySelectorAll('.group:not([data-rows]) [data-q], [data-rows] [data-q]').length";
    eventually(&browser, rows, "51").await;
    // What is new leaves it open.
    let down = "INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, \
        error_code, locations_down, locations_heard) \
        VALUES (8, now(), now(), gen_random_uuid(), '', -1, 1, 1)";
    fixture.execute(down).await;
    eventually(&browser, headline, "2 of 1,000 websites are down").await;
    eventually(&browser, rows, "52").await;
    let group = format!("{address}/?group=Group+3&sort=name");
    settle(
        &browser,
        &group,
        "document.querySelectorAll('[data-q]').length",
        "50",
    )
    .await;
    // Words that not all websites on the page could answer are for the server.
    let sent = "document.querySelector('#q').value = 'site 503'; document.querySelector('.tools').submit()";
    browser.run(sent).await.unwrap();
    eventually(
        &browser,
        "document.querySelectorAll('[data-q]').length",
        "1",
    )
    .await;
}

/// Goes to a page that asks much of the database: where that has too much to do, the page says so, and asks
/// again by itself.
async fn settle(browser: &Browser, url: &str, expression: &str, expected: &str) {
    browser.go(url).await.unwrap();
    eventually(browser, expression, expected).await;
    browser.complaints().await.unwrap();
    is_sound(browser, url).await;
}
