//! What every page is held to.

use browser::Browser;

/// Goes to a page, which then has nothing to complain of: no error, nothing that its policy forbids, no
/// scrolling sideways, nothing that keeps somebody from using it.
pub(super) async fn visit(browser: &Browser, url: &str) {
    browser.go(url).await.unwrap();
    is_sound(browser, url).await;
}

/// The same of the page that is open.
pub(super) async fn is_sound(browser: &Browser, what: &str) {
    let complaints = browser.complaints().await.unwrap();
    assert!(complaints.is_empty(), "{what}: {complaints:#?}");
    let sideways = browser.sideways().await.unwrap();
    assert!(sideways.is_empty(), "{what} scrolls: {sideways:#?}");
    let barriers = browser.barriers().await.unwrap();
    assert!(barriers.is_empty(), "{what}: {barriers:#?}");
}
