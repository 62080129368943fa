//! An incident with those of its cause: the checks around it, and what was told.

use std::time::SystemTime;

use database::{Database, DatabaseError, Statement};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use tokio_postgres::types::ToSql;

use super::{
    check::{Check, Seen},
    incident::Incident,
    things::Thing,
};
use crate::{audience::Audience, words};

const PERIOD: Statement = Statement::new(
    "reading when an incident was",
    include_str!("../../sql/incident_period.sql"),
);
const INCIDENT: Statement = Statement::new(
    "reading an incident",
    concat!(
        include_str!("../../sql/incident.sql"),
        "UNION ALL\n",
        include_str!("../../sql/told.sql"),
        include_str!("../../sql/checks.sql"),
    ),
);

/// All that an incident's page shows.
#[derive(Debug)]
pub(crate) struct IncidentPage {
    /// The one that was asked for.
    pub(crate) id: i64,
    pub(crate) span: Span,
    /// Those of its cause, the first one first.
    pub(crate) alike: Vec<Decided>,
    pub(crate) lanes: Vec<Lane>,
    /// From its last good check to the one that opened it, and those that closed it.
    pub(crate) checks: Vec<Check>,
    pub(crate) alerts: Vec<Told>,
    pub(crate) before: Vec<Incident>,
}

/// When it is, and what time is drawn.
#[derive(Debug, Deserialize)]
pub(crate) struct Span {
    pub(crate) now: Timestamp,
    pub(crate) today: Date,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// An incident with what decided it.
#[derive(Debug, Deserialize)]
pub(crate) struct Decided {
    #[serde(flatten)]
    pub(crate) incident: Incident,
    pub(crate) opened_at: Timestamp,
    pub(crate) opened_by: String,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<String>,
    pub(crate) location: String,
    pub(crate) detail: Option<String>,
    pub(crate) locations_down: i32,
    pub(crate) locations_heard: i32,
}

/// A website's checks from a location.
#[derive(Debug, Deserialize)]
pub(crate) struct Lane {
    pub(crate) website_id: i64,
    pub(crate) location: String,
    pub(crate) checks: Vec<(Timestamp, Seen)>,
}

/// What a receiver was told.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) receiver: String,
    pub(crate) kind: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) websites: i64,
}

impl IncidentPage {
    /// Asks for it; `None` where there is no such incident that may be seen.
    pub(crate) async fn read(
        database: &Database,
        audience: &Audience,
        id: i64,
    ) -> Result<Option<Self>, DatabaseError> {
        let rows = database
            .attempt(async |client| {
                let period = PERIOD.query_one(client, &[&id]).await?;
                let (since, until): (Option<SystemTime>, Option<SystemTime>) =
                    (period.get(0), period.get(1));
                let parameters: [&(dyn ToSql + Sync); 5] =
                    [&audience.tags, &id, &audience.names_only, &since, &until];
                INCIDENT.query(client, &parameters).await
            })
            .await?;
        let things: Vec<_> = rows.iter().map(Thing::of).collect();
        if !things.iter().any(|it| it.kind == "page") {
            return Ok(None);
        }
        Ok(Some(Self {
            id,
            span: Thing::only(&things, "page")?,
            alike: Thing::all(&things, "incident")?,
            lanes: Thing::all(&things, "lane")?,
            checks: Thing::all(&things, "check")?,
            alerts: Thing::all(&things, "alert")?,
            before: Thing::all(&things, "before")?,
        }))
    }

    /// The one that was asked for: it is among those of its cause.
    pub(crate) fn asked(&self) -> Option<&Decided> {
        self.alike.iter().find(|it| it.incident.id == self.id)
    }

    /// "3 websites: connect timed out, 203.0.113.17"
    pub(crate) fn title(&self) -> String {
        let Some(first) = self.asked() else {
            return String::new();
        };
        let who = match self.alike.len() {
            1 => first.incident.title(),
            many => format!("{many} websites"),
        };
        let reason = words::reason(first.incident.reason.as_deref(), first.incident.error_code);
        match &first.incident.address {
            Some(address) => format!("{who}: {reason}, {}", words::peer(address)),
            None => format!("{who}: {reason}"),
        }
    }
}
