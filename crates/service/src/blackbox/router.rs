//! The two addresses that Prometheus asks.

use std::{collections::HashMap, convert::Infallible, future::Future, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{StreamExt, stream};

use super::{asked::Asked, series::SERIES, website::Website};
use crate::http::METRICS_CONTENT_TYPE;

/// Where what is known of websites comes from.
pub trait Source: Send + Sync + 'static {
    /// The website that is asked for, once for each location that sees it, or all; an error says
    /// why there is no answer, without a secret.
    fn websites(
        &self,
        asked: Option<&Asked>,
    ) -> impl Future<Output = Result<Vec<Website>, String>> + Send;
}

/// Answers `/probe` and `/probes` from what `source` knows.
pub fn router<S: Source>(source: S) -> Router {
    Router::new()
        .route("/probe", get(probe::<S>))
        .route("/probes", get(probes::<S>))
        .with_state(Arc::new(source))
}

/// One website. Its `module` is not looked at: how it is probed, its target says. What is not listed is
/// not there: nobody has something probed by asking.
async fn probe<S: Source>(
    State(source): State<Arc<S>>,
    Query(words): Query<HashMap<String, String>>,
) -> Response {
    let Some(target) = words.get("target").filter(|target| !target.is_empty()) else {
        return refuse(StatusCode::BAD_REQUEST, "the parameter target is missing");
    };
    match source.websites(Some(&Asked::new(target))).await {
        Ok(websites) if websites.is_empty() => refuse(
            StatusCode::NOT_FOUND,
            "there is no such target in the list: it is named by its url, as it stands there",
        ),
        Ok(mut websites) => {
            // Whoever asks for one calls it by a name of their own.
            for website in &mut websites {
                website.instance = None;
            }
            answer(websites)
        }
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// All of them.
async fn probes<S: Source>(State(source): State<Arc<S>>) -> Response {
    match source.websites(None).await {
        Ok(mut websites) => {
            tell_apart(&mut websites);
            answer(websites)
        }
        Err(reason) => refuse(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// Targets that differ in their credentials alone would be one series.
fn tell_apart(websites: &mut [Website]) {
    let mut seen: HashMap<_, usize> = HashMap::new();
    for website in websites {
        let name = (website.instance.clone(), website.location.clone());
        let count = seen.entry(name).or_default();
        *count += 1;
        if let Some(instance) = website.instance.as_mut().filter(|_| *count > 1) {
            *instance = format!("{instance} ({count})");
        }
    }
}

/// One metric after the other, so that 100,000 websites never stand in memory as text.
fn answer(websites: Vec<Website>) -> Response {
    let parts =
        stream::iter(&SERIES).map(move |series| Ok::<_, Infallible>(series.render(&websites)));
    (
        [(CONTENT_TYPE, METRICS_CONTENT_TYPE)],
        Body::from_stream(parts),
    )
        .into_response()
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, format!("{reason}\n")).into_response()
}
