//! A website's time of being down.

use database::{Database, DatabaseError, Statement, system_time};
use jiff::Timestamp;
use serde::Deserialize;

use super::things::Thing;
use crate::{audience::Audience, words};

const INCIDENTS: Statement = Statement::new(
    "reading incidents",
    concat!(
        include_str!("../../sql/incidents.sql"),
        include_str!("../../sql/told.sql"),
    ),
);

/// Incidents of one page.
pub(crate) const INCIDENTS_MAX: usize = 100;

/// Which incidents are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Only those that began before.
    pub(crate) before: Option<Timestamp>,
    /// Only of this website.
    pub(crate) website_id: Option<i64>,
    /// Only of websites of this group.
    pub(crate) group: Option<&'a str>,
    pub(crate) limit: i64,
}

/// A website's time of being down.
#[derive(Debug, Deserialize)]
pub(crate) struct Incident {
    pub(crate) id: i64,
    /// Incidents of one cause have the same.
    pub(crate) cause_id: i64,
    pub(crate) website_id: i64,
    pub(crate) url: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) last_good_at: Option<Timestamp>,
    pub(crate) error_code: i32,
    pub(crate) reason: Option<String>,
    pub(crate) phase: Option<String>,
    pub(crate) address: Option<String>,
    /// When the first alert of it was sent.
    pub(crate) sent_at: Option<Timestamp>,
}

impl Incident {
    /// Asks for some, the newest first.
    pub(crate) async fn read(
        database: &Database,
        audience: &Audience,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Self>, DatabaseError> {
        let before = wanted.before.map(system_time);
        let rows = database
            .attempt(async |client| {
                INCIDENTS
                    .query(
                        client,
                        &[
                            &audience.tags,
                            &before,
                            &wanted.website_id,
                            &wanted.limit,
                            &wanted.group,
                            &audience.names_only,
                        ],
                    )
                    .await
            })
            .await?;
        rows.iter().map(|row| Thing::of(row).read()).collect()
    }

    /// Some of them, those of one cause together.
    pub(crate) fn by_cause<'a>(incidents: impl Iterator<Item = &'a Self>) -> Vec<Vec<&'a Self>> {
        let mut causes: Vec<Vec<&Self>> = Vec::new();
        for incident in incidents {
            let mut known = causes.iter_mut();
            match known.find(|it| it[0].cause_id == incident.cause_id) {
                Some(cause) => cause.push(incident),
                None => causes.push(vec![incident]),
            }
        }
        causes
    }

    /// What its website is called.
    pub(crate) fn title(&self) -> String {
        words::title(self.name.as_deref(), self.url.as_deref())
    }

    /// The phase that failed, where the reason does not say it by itself.
    pub(crate) fn phase_beside(&self) -> Option<String> {
        words::phase_beside(self.reason.as_deref(), self.phase.as_deref())
    }

    /// Why, and where: "connect timed out: 203.0.113.17".
    pub(crate) fn cause(&self) -> String {
        let reason = words::reason(self.reason.as_deref(), self.error_code);
        match &self.address {
            Some(address) => format!("{reason}: {}", words::peer(address)),
            None => reason,
        }
    }
}
