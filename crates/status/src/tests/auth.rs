//! Who may see the page.

use axum::http::{StatusCode, header};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::fixture::{Fixture, settings};
use crate::StatusSettings;

#[tokio::test]
async fn only_who_knows_the_password_sees_anything() {
    let hash = bcrypt::hash("pass:wörd", 4).unwrap();
    let settings = StatusSettings {
        credentials: Some(format!("me:{hash}").parse().unwrap()),
        ..settings(&[])
    };
    let fixture = Fixture::with(&settings).await;
    let asked = fixture.get("/").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.headers.contains_key(header::WWW_AUTHENTICATE));
    let with = async |path: &str, text: &str| {
        let value = format!("Basic {}", BASE64_STANDARD.encode(text));
        fixture
            .get_with(path, &[("authorization", &value)])
            .await
            .status
    };
    for wrong in ["me:pass", "you:pass:wörd", "me", ""] {
        assert_eq!(with("/", wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    for path in ["/", "/", "/api/v1/websites", "/feed.atom"] {
        assert_eq!(with(path, "me:pass:wörd").await, StatusCode::OK, "{path}");
    }
    // Who was admitted opens the gate for nobody else.
    for path in [
        "/",
        "/api/v1/websites",
        "/websites/1",
        "/badge/1.svg",
        "/feed.atom",
        "/probes",
        "/probe?target=https://a.test/",
    ] {
        assert_eq!(
            fixture.get(path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(
            with(path, "me:other").await,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
}
