//! The status page in a real browser, fed by the whole: sites, monitor, Kafka, consumer, PostgreSQL.

use std::fs;

use browser::{Browser, Screen};

use crate::support::{Answer, Database, Service, ServiceSettings, Site, Topic, eventually};

/// Waits until a part of the page that is open says something.
async fn await_words(browser: &Browser, selector: &str, expected: &str) {
    let what = format!("{selector} says {expected:?}");
    eventually(&what, async || {
        // A page that is just being replaced has no answer.
        let found = browser.text_of(selector).await.ok()?;
        found.contains(expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_shows_a_website_go_down_and_come_back() {
    let (topic, database) = (Topic::create(1).await, Database::create().await);
    let stays = Site::start(Answer::page("well")).await;
    let goes = Site::start(Answer::page("well")).await;
    let folder = tempfile::tempdir().unwrap();
    let targets = folder.path().join("urls.csv");
    let named = format!("url,name\n{},Stays\n{},Goes\n", stays.url, goes.url);
    fs::write(&targets, named).unwrap();
    let settings = ServiceSettings::consumer(&topic, &database);
    let mut consumer = Service::start("consumer", &[], &settings);
    let address = format!("http://{}", consumer.http_address().await);
    database
        .await_true("SELECT to_regclass('incidents') IS NOT NULL")
        .await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    browser.go(&address).await.unwrap();
    await_words(&browser, "h1", "No website yet").await;

    let _monitor = Service::start("monitor", &[], &ServiceSettings::monitor(&topic, &targets));
    await_words(&browser, "h1", "All 2 websites are up").await;
    // Lost if the page is loaded anew.
    browser.run("window.mark = 'here'").await.unwrap();
    goes.change(Answer::status("503 Service Unavailable", "ailing"));
    await_words(&browser, "h1", "1 of 2 websites is down").await;
    await_words(&browser, ".banner", "Status not expected, 503").await;
    await_words(&browser, ".banner .sites", "Goes").await;
    goes.change(Answer::page("well"));
    await_words(&browser, "h1", "All 2 websites are up").await;
    await_words(&browser, ".side", "Goes: status not expected, 503").await;
    let mark = browser.text("String(window.mark)").await.unwrap();
    assert_eq!(mark, "here");

    // From there to the very checks that opened it and closed it.
    let follow = "document.querySelector('.side .past a[href^=\"/incidents/\"]').click()";
    browser.run(follow).await.unwrap();
    await_words(&browser, "main", "this opened it").await;
    await_words(&browser, "main", "this closed it").await;
    let complaints = browser.complaints().await.unwrap();
    assert!(complaints.is_empty(), "{complaints:#?}");

    // A page that stays open holds nobody up.
    assert_eq!(consumer.terminate().await, Some(0));
    let log = consumer.log().join("\n");
    assert!(!log.contains("Left behind"), "{log}");
}
