//! The routes, and what stands behind each.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    middleware::map_response,
    response::Response,
    routing::get,
};
use database::{Database, DatabaseError, DatabaseSettings};
use tower_http::compression::CompressionLayer;
use tracing::{info, warn};

use crate::{
    answer, assets,
    pages::{self, Masthead},
    queries::Filter,
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
    let mut router = Router::new().route("/", get(overview));
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
    let pairs = words.iter().map(|(name, value)| (&**name, &**value));
    let filter = match Filter::read(pairs) {
        Ok(filter) => filter,
        Err(reason) => return site.refuse(&reason),
    };
    match site.reading.overview(&filter).await {
        Ok(overview) => {
            site.is_back();
            answer::page(
                pages::overview(&site.masthead(), &overview, &filter),
                &asked,
            )
        }
        Err(error) => site.is_out(&error),
    }
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
