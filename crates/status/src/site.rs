//! The routes, and what stands behind each.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
    routing::get,
};
use database::{Database, DatabaseError, DatabaseSettings};
use maud::Markup;
use tower_http::compression::CompressionLayer;
use tracing::{info, warn};

use crate::{
    answer, assets,
    pages::{self, Masthead},
    queries::{Filter, INCIDENTS_MAX, View, Wanted},
    reading::Reading,
    settings::StatusSettings,
};

/// Connections at the same time: the page must not take those that store.
const CONNECTIONS_MAX: usize = 2;

/// What the handlers share.
#[derive(Debug)]
struct Site {
    title: String,
    reading: Reading,
    /// The last question had no answer, and that was said.
    is_out: AtomicBool,
}

/// The status page of a database. Nothing is connected yet.
pub fn router(settings: &StatusSettings, database: &DatabaseSettings) -> anyhow::Result<Router> {
    let database = DatabaseSettings {
        connections_max: CONNECTIONS_MAX,
        ..database.clone()
    };
    let database = Database::for_reading(&database).context("for the status page")?;
    let site = Arc::new(Site {
        title: settings.title.clone(),
        reading: Reading::new(database, &settings.public_tags),
        is_out: AtomicBool::new(false),
    });
    let mut router = Router::new()
        .route("/", get(overview))
        .route("/websites/{id}", get(website))
        .route("/incidents", get(incidents))
        .route("/incidents/{id}", get(incident));
    for asset in assets::all() {
        router = router.route(&asset.path, get(async || answer::asset(asset)));
    }
    Ok(router
        .with_state(site)
        .layer(map_response(with_headers))
        .layer(CompressionLayer::new()))
}

type Words = Query<Vec<(String, String)>>;

async fn overview(State(site): State<Arc<Site>>, words: Words, asked: HeaderMap) -> Response {
    let filter = match Filter::read(pairs(&words)) {
        Ok(filter) => filter,
        Err(reason) => return site.refuse(&reason),
    };
    let read = site.reading.overview(&filter).await.map(Some);
    site.show(read, &asked, |masthead, overview| {
        pages::overview(masthead, &overview, &filter)
    })
}

async fn website(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    words: Words,
    asked: HeaderMap,
) -> Response {
    let view = match View::read(pairs(&words)) {
        Ok(view) => view,
        Err(reason) => return site.refuse(&reason),
    };
    let read = site.reading.website(id, &view).await;
    site.show(read, &asked, |masthead, page| {
        pages::website(masthead, &page, &view)
    })
}

async fn incident(
    State(site): State<Arc<Site>>,
    Path(id): Path<i64>,
    asked: HeaderMap,
) -> Response {
    let read = site.reading.incident(id).await;
    site.show(read, &asked, |masthead, page| {
        pages::incident(masthead, &page)
    })
}

async fn incidents(State(site): State<Arc<Site>>, words: Words, asked: HeaderMap) -> Response {
    let view = match View::read(pairs(&words)) {
        Ok(view) => view,
        Err(reason) => return site.refuse(&reason),
    };
    let wanted = Wanted {
        before: view.before,
        website_id: None,
        limit: i64::try_from(INCIDENTS_MAX).unwrap_or(i64::MAX),
    };
    let read = site.reading.incidents(wanted).await.map(Some);
    site.show(read, &asked, |masthead, incidents| {
        pages::incidents(masthead, &incidents)
    })
}

fn pairs(words: &Words) -> impl Iterator<Item = (&str, &str)> {
    words.iter().map(|(name, value)| (&**name, &**value))
}

async fn with_headers(mut response: Response) -> Response {
    for (name, value) in answer::HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

impl Site {
    fn masthead(&self) -> Masthead<'_> {
        Masthead { title: &self.title }
    }

    /// What was read, as a page; or why there is none.
    fn show<T>(
        &self,
        read: Result<Option<T>, DatabaseError>,
        asked: &HeaderMap,
        page: impl FnOnce(&Masthead, T) -> Markup,
    ) -> Response {
        let found = match read {
            Ok(found) => found,
            Err(error) => return self.is_out(&error),
        };
        self.is_back();
        match found {
            Some(found) => answer::page(page(&self.masthead(), found), asked),
            None => answer::problem(StatusCode::NOT_FOUND, pages::missing(&self.masthead())),
        }
    }

    fn refuse(&self, reason: &str) -> Response {
        let page = pages::refused(&self.masthead(), reason);
        answer::problem(StatusCode::BAD_REQUEST, page)
    }

    /// Said once in the log; to readers, each time, without where the database is.
    fn is_out(&self, error: &DatabaseError) -> Response {
        if !self.is_out.swap(true, Ordering::Relaxed) {
            warn!(
                "The status page has no answer: {}",
                self.reading.explain(error)
            );
        }
        let page = pages::out(&self.masthead(), self.reading.last_known_at());
        answer::problem(StatusCode::SERVICE_UNAVAILABLE, page)
    }

    fn is_back(&self) {
        if self.is_out.swap(false, Ordering::Relaxed) {
            info!("The status page has answers again");
        }
    }
}
