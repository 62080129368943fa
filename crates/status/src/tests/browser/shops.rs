//! Fourteen websites in all states, on a desk, on a phone, in the dark, without scripts.

use browser::{Browser, Screen};

use super::{
    super::fixture::Fixture,
    sound::{is_sound, visit},
};

const PAGES: [&str; 5] = [
    "/",
    "/websites/1",
    "/websites/4?period=30d",
    "/incidents/1",
    "/incidents",
];

async fn shops() -> (Fixture, String) {
    let mut fixture = Fixture::new().await;
    let sample = concat!(
        include_str!("../../../samples/roll_ups.sql"),
        include_str!("../../../samples/shops.sql"),
    );
    fixture.execute(sample).await;
    let address = fixture.serve().await;
    (fixture, address)
}

#[tokio::test]
async fn every_page_is_sound_on_a_desk_on_a_phone_and_in_the_dark() {
    let (_fixture, address) = shops().await;
    let mut browser = Browser::open(Screen::DESK).await.unwrap();
    for screen in [
        Screen::DESK,
        Screen::DESK.dark(),
        Screen::PHONE,
        Screen::WALL,
    ] {
        browser.show_on(screen).await.unwrap();
        for path in PAGES {
            visit(&browser, &format!("{address}{path}")).await;
        }
    }
}

#[tokio::test]
async fn the_page_shows_what_is_stored_and_is_searched_and_walked_by_keys() {
    let (_fixture, address) = shops().await;
    let browser = Browser::open(Screen::DESK).await.unwrap();
    browser.go(&address).await.unwrap();
    assert_eq!(
        browser.text_of("h1").await.unwrap(),
        "3 of 14 websites are down"
    );
    let banner = browser.text_of(".banner").await.unwrap();
    for part in ["Connect timed out", "Storefront", "Checkout", "Accounts"] {
        assert!(banner.contains(part), "{part} in {banner}");
    }
    let rows = "document.querySelectorAll('[data-q]:not([hidden])').length";
    assert_eq!(browser.text(rows).await.unwrap(), "14");
    let search = "const q = document.querySelector('#q'); q.value = 'mail'; \
        q.dispatchEvent(new Event('input'))";
    browser.run(search).await.unwrap();
    assert_eq!(browser.text(rows).await.unwrap(), "1");
    assert_eq!(browser.text_of("#found").await.unwrap(), "1 found");
    // Days are walked by arrows, and each has its words.
    let walk = "const a = document.querySelector('[data-q]:not([hidden]) .c-days a'); a.focus(); \
        a.dispatchEvent(new KeyboardEvent('keydown', {key: 'End', bubbles: true})); \
        a.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true})); \
        return a.href + ' ' + document.querySelector('.tip').textContent";
    let walked = browser.run(walk).await.unwrap().to_string();
    assert!(walked.contains("day=") && walked.contains('%'), "{walked}");
    // The switch is kept.
    browser
        .run("document.querySelector('.theme').click()")
        .await
        .unwrap();
    browser.go(&address).await.unwrap();
    let theme = browser.text("document.documentElement.dataset.theme");
    assert_eq!(theme.await.unwrap(), "dark");
    is_sound(&browser, "after all of it").await;
}

#[tokio::test]
async fn without_scripts_the_page_is_whole() {
    let (_fixture, address) = shops().await;
    let browser = Browser::open(Screen::DESK.without_scripts()).await.unwrap();
    browser.go(&address).await.unwrap();
    let aged = "document.querySelector('.zone').textContent";
    assert_eq!(browser.text(aged).await.unwrap(), "UTC", "no script ran");
    let main = browser.text_of("main").await.unwrap();
    for part in [
        "3 of 14 websites are down",
        "Single sign-on",
        "Never checked",
    ] {
        assert!(
            main.to_lowercase().contains(&part.to_lowercase()),
            "{part} in {main}"
        );
    }
    // Search, tag and order are a form, which is sent; each day and each tab is a link.
    let sent =
        "document.querySelector('#q').value = 'mail'; document.querySelector('.tools').submit()";
    browser.run(sent).await.unwrap();
    let rows = "document.querySelectorAll('[data-q]').length";
    super::live::eventually(&browser, rows, "1").await;
    let day = "document.querySelector('.c-days a').href.includes('/websites/10')";
    assert_eq!(browser.text(day).await.unwrap(), "true");
    browser.go(&format!("{address}/websites/1")).await.unwrap();
    let links = "document.querySelectorAll('.tall a').length";
    assert_eq!(browser.text(links).await.unwrap(), "90");
}
