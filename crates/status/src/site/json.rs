//! The routes of the JSON API.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
    routing::get,
};
use jiff::Timestamp;

use super::{
    asked::Number,
    shared::{Out, Shared, Site, Words, pairs},
};
use crate::{
    answer,
    api::{Format, Listing, Parameters},
    queries::{self, Checks, Incidents, Things, Websites},
    times,
};

const LINES: &str = "application/x-ndjson";
/// The description of all of it.
const OPENAPI: &str = include_str!("../../assets/openapi.json");

/// Why there is no answer.
enum Refusal {
    /// What is wrong with the question.
    Bad(String),
    /// There is no such thing, or none that may be seen.
    Missing,
    /// The database gives no answer.
    Out,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Bad(reason)
    }
}

impl From<Out> for Refusal {
    fn from(Out: Out) -> Self {
        Self::Out
    }
}

/// All of them.
pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/api/v1/websites", get(websites))
        .route("/api/v1/websites/{id}", get(website))
        .route("/api/v1/websites/{id}/checks", get(checks))
        .route("/api/v1/websites/{id}/availability", get(availability))
        .route("/api/v1/groups", get(groups))
        .route("/api/v1/incidents", get(incidents))
        .route("/api/v1/maintenance", get(maintenance))
        .route(
            "/api/v1/openapi.json",
            get(async |asked: HeaderMap| answer::content(answer::JSON, OPENAPI.to_owned(), &asked)),
        )
}

async fn websites(State(site): Shared, words: Words, uri: Uri, asked: HeaderMap) -> Response {
    let answer = async {
        let taken = ["tag", "state", "group", "after", "limit"];
        let parameters = Parameters::read(&taken, pairs(&words))?;
        let wanted = Websites {
            id: None,
            tag: parameters.tag.as_deref(),
            state: parameters.state,
            group: parameters.group.as_deref(),
            after: after(&parameters)?.unwrap_or(i64::MIN),
            limit: parameters.limit()?,
        };
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let things = site.noted(wanted.read(database, audience).await)?;
        Ok((things, wanted.limit, Format::Object))
    };
    listing("websites", answer.await, (&words, &uri), &asked)
}

async fn website(State(site): Shared, Number(id): Number, asked: HeaderMap) -> Response {
    let answer = async {
        let wanted = Websites {
            id: Some(id),
            after: i64::MIN,
            limit: 1,
            ..Websites::default()
        };
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let mut things = site.noted(wanted.read(database, audience).await)?;
        things.json.pop().ok_or(Refusal::Missing)
    };
    match answer.await {
        Ok(json) => answer::content(answer::JSON, json, &asked),
        Err(refusal) => refuse(refusal),
    }
}

async fn checks(
    State(site): Shared,
    Number(website_id): Number,
    words: Words,
    uri: Uri,
    asked: HeaderMap,
) -> Response {
    let answer = async {
        let taken = [
            "since", "until", "outcome", "location", "after", "limit", "format",
        ];
        let parameters = Parameters::read(&taken, pairs(&words))?;
        let after = parameters
            .after
            .as_deref()
            .map(place_of_check)
            .transpose()?;
        let wanted = Checks {
            website_id,
            period: parameters.period(Timestamp::now())?,
            outcome: parameters.outcome.as_deref(),
            location: parameters.location.as_deref(),
            after,
            limit: parameters.limit()?,
        };
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let things = site.noted(wanted.read(database, audience).await)?;
        let format = if parameters.is_lines {
            Format::Lines
        } else {
            Format::Object
        };
        Ok((things, wanted.limit, format))
    };
    listing("checks", answer.await, (&words, &uri), &asked)
}

async fn availability(
    State(site): Shared,
    Number(website_id): Number,
    words: Words,
    asked: HeaderMap,
) -> Response {
    let answer = async {
        let parameters = Parameters::read(&["from", "to"], pairs(&words))?;
        let days = parameters.days(times::day_of(Timestamp::now()))?;
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let read = queries::availability(database, audience, website_id, days).await;
        site.noted(read)?.ok_or(Refusal::Missing)
    };
    match answer.await {
        Ok(json) => answer::content(answer::JSON, json, &asked),
        Err(refusal) => refuse(refusal),
    }
}

async fn incidents(State(site): Shared, words: Words, uri: Uri, asked: HeaderMap) -> Response {
    let answer = async {
        let taken = [
            "website", "status", "group", "since", "until", "after", "limit",
        ];
        let parameters = Parameters::read(&taken, pairs(&words))?;
        let ever = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let period = if parameters.has_period() {
            parameters.period(Timestamp::now())?
        } else {
            ever
        };
        let wanted = Incidents {
            website_id: parameters.website,
            period,
            status: parameters.status.as_deref(),
            group: parameters.group.as_deref(),
            before: after(&parameters)?.unwrap_or(i64::MAX),
            limit: parameters.limit()?,
        };
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let things = site.noted(wanted.read(database, audience).await)?;
        Ok((things, wanted.limit, Format::Object))
    };
    listing("incidents", answer.await, (&words, &uri), &asked)
}

async fn groups(State(site): Shared, words: Words, uri: Uri, asked: HeaderMap) -> Response {
    let answer = async {
        let parameters = Parameters::read(&["after", "limit"], pairs(&words))?;
        let (after, limit) = (parameters.after.as_deref(), parameters.limit()?);
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let things = site.noted(queries::groups(database, audience, after, limit).await)?;
        Ok((things, limit, Format::Object))
    };
    listing("groups", answer.await, (&words, &uri), &asked)
}

async fn maintenance(State(site): Shared, words: Words, uri: Uri, asked: HeaderMap) -> Response {
    let answer = async {
        let limit = Parameters::read(&["limit"], pairs(&words))?.limit()?;
        let (database, audience) = (site.reading.database(), site.reading.audience());
        let things = site.noted(queries::maintenance(database, audience, limit).await)?;
        Ok((things, limit, Format::Object))
    };
    listing("maintenance", answer.await, (&words, &uri), &asked)
}

/// Where the page before ended, of things that have numbers.
fn after(parameters: &Parameters) -> Result<Option<i64>, String> {
    let after = parameters.after.as_deref().map(str::parse).transpose();
    after.map_err(|_| "after is none that a next page was told by".to_owned())
}

/// The same of checks: when the last one was due, and its id.
fn place_of_check(after: &str) -> Result<(Timestamp, &str), String> {
    let place = after.split_once(',').and_then(|(due_at, id)| {
        let is_of_id = |(at, it): (usize, u8)| match at {
            8 | 13 | 18 | 23 => it == b'-',
            _ => it.is_ascii_hexdigit(),
        };
        let is_id = id.len() == 36 && id.bytes().enumerate().all(is_of_id);
        Some((times::asked_for(due_at)?, is_id.then_some(id)?))
    });
    place.ok_or_else(|| "after is none that a next page was told by".to_owned())
}

/// A page of things, or why there is none.
fn listing(
    name: &str,
    answer: Result<(Things, i64, Format), Refusal>,
    (words, uri): (&Words, &Uri),
    asked: &HeaderMap,
) -> Response {
    let (things, limit, format) = match answer {
        Ok(answer) => answer,
        Err(refusal) => return refuse(refusal),
    };
    let listing = Listing::new(things, limit);
    let next = listing.next(uri.path(), &words.0);
    let text = listing.render(name, next.as_deref(), format);
    let content_type = if format == Format::Lines {
        LINES
    } else {
        answer::JSON
    };
    answer::content(content_type, text, asked)
}

fn refuse(refusal: Refusal) -> Response {
    let (status, reason) = match refusal {
        Refusal::Bad(reason) => (StatusCode::BAD_REQUEST, reason),
        Refusal::Missing => (StatusCode::NOT_FOUND, "there is no such website".to_owned()),
        Refusal::Out => {
            let reason = "the database does not answer".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, reason)
        }
    };
    answer::json_problem(status, &reason)
}
