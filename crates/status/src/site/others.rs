//! What other people's pages and readers ask for: Statuspage's summary, badges, the feed.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header::ACCESS_CONTROL_ALLOW_ORIGIN},
    response::Response,
    routing::get,
};

use super::shared::{Out, Shared, Site, Words, pairs};
use crate::{
    answer,
    api::{self, Badge},
    queries::{Filter, View, Wanted},
};

/// Incidents of the feed.
const FEED_MAX: i64 = 50;

/// All of them.
pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/api/v2/summary.json", get(summary))
        .route("/badge/{image}", get(badge))
        .route("/feed.atom", get(feed))
}

async fn summary(State(site): Shared, asked: HeaderMap) -> Response {
    let read = site.reading.overview(&Filter::default()).await;
    site.tell_known(read, |_, overview| {
        let address = site.address(&asked);
        let summary = api::summary(&site.title, &address, overview);
        let content = answer::content("application/json", summary.to_string(), &asked);
        for_anybody(content)
    })
}

async fn badge(
    State(site): Shared,
    Path(image): Path<String>,
    words: Words,
    asked: HeaderMap,
) -> Response {
    let Some(id) = image.strip_suffix(".svg").and_then(|id| id.parse().ok()) else {
        return site.refuse("a badge is called after a website's number, such as 3.svg");
    };
    let show = pairs(&words)
        .find(|pair| pair.0 == "show")
        .map(|pair| pair.1);
    let kind = match Badge::read(show) {
        Ok(kind) => kind,
        Err(reason) => return site.refuse(&reason),
    };
    let read = site.reading.website(id, &View::default()).await;
    site.tell_known(read, |_, page| {
        let image = api::badge(&page.website, kind).into_string();
        for_anybody(answer::content("image/svg+xml", image, &asked))
    })
}

async fn feed(State(site): Shared, words: Words, asked: HeaderMap) -> Response {
    let group = pairs(&words)
        .find(|pair| pair.0 == "group")
        .map(|pair| pair.1);
    let wanted = Wanted {
        before: None,
        website_id: None,
        group,
        limit: FEED_MAX,
    };
    match site.noted(site.reading.incidents(wanted).await) {
        Ok(incidents) => {
            let feed = api::feed(&site.title, &site.address(&asked), &incidents);
            answer::content(
                "application/atom+xml; charset=utf-8",
                feed.into_string(),
                &asked,
            )
        }
        Err(Out) => site.out(),
    }
}

/// Other people's pages may read it.
fn for_anybody(mut response: Response) -> Response {
    let anybody = HeaderValue::from_static("*");
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}
