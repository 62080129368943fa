//! The routes of the pages.

use std::sync::Arc;

use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};

use super::{
    asked::Number,
    shared::{Shared, Site, Words, pairs},
};
use crate::{
    answer, assets, pages,
    queries::{Filter, INCIDENTS_MAX, View, Wanted},
};

/// All of them, and the files that they ask for.
pub(super) fn routes() -> Router<Arc<Site>> {
    let mut router = Router::new()
        .route("/", get(overview))
        .route("/websites/{id}", get(website))
        .route("/incidents", get(incidents))
        .route("/incidents/{id}", get(incident));
    for asset in assets::all() {
        router = router.route(&asset.path, get(async || answer::asset(asset)));
    }
    router
}

async fn overview(State(site): Shared, words: Words, asked: HeaderMap) -> Response {
    let filter = match Filter::read(pairs(&words)) {
        Ok(filter) => filter,
        Err(reason) => return site.refuse(&reason),
    };
    let read = site.reading.overview(&filter).await;
    site.show_known(read, &asked, |masthead, overview| {
        pages::overview(masthead, overview, &filter)
    })
}

async fn website(
    State(site): Shared,
    Number(id): Number,
    words: Words,
    asked: HeaderMap,
) -> Response {
    let view = match View::read(pairs(&words)) {
        Ok(view) => view,
        Err(reason) => return site.refuse(&reason),
    };
    let read = site.reading.website(id, &view).await;
    site.show_known(read, &asked, |masthead, page| {
        pages::website(masthead, page, &view)
    })
}

async fn incident(State(site): Shared, Number(id): Number, asked: HeaderMap) -> Response {
    let read = site.reading.incident(id).await;
    site.show_known(read, &asked, pages::incident)
}

async fn incidents(State(site): Shared, words: Words, asked: HeaderMap) -> Response {
    let view = match View::read(pairs(&words)) {
        Ok(view) => view,
        Err(reason) => return site.refuse(&reason),
    };
    let wanted = Wanted {
        before: view.before,
        website_id: None,
        group: None,
        limit: i64::try_from(INCIDENTS_MAX).unwrap_or(i64::MAX),
    };
    let read = site.reading.incidents(wanted).await;
    site.show(read, &asked, |masthead, incidents| {
        pages::incidents(masthead, incidents)
    })
}
