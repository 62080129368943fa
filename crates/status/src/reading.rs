//! What the pages ask of the database, through answers that are still fresh.

use std::sync::Arc;

use database::{Database, DatabaseError};
use jiff::Timestamp;

use crate::{
    audience::Audience,
    kept::{Kept, Known},
    queries::{Filter, Incident, IncidentPage, Overview, View, Wanted, WebsitePage},
};

/// A page that was read, or `None` where there is no such thing that may be seen.
pub(crate) type Read<T> = Result<Known<Option<T>>, Arc<DatabaseError>>;

/// The database, and what was read of it a moment ago.
#[derive(Debug)]
pub(crate) struct Reading {
    database: Database,
    audience: Audience,
    overviews: Kept<Filter, Option<Overview>>,
    websites: Kept<(i64, View), Option<WebsitePage>>,
    incidents: Kept<i64, Option<IncidentPage>>,
    /// When the newest result was due, by the last answer there was.
    last_known_at: std::sync::Mutex<Option<Timestamp>>,
}

impl Reading {
    /// Nothing is asked yet.
    pub(crate) fn new(database: Database, audience: Audience) -> Self {
        Self {
            database,
            audience,
            overviews: Kept::new(),
            websites: Kept::new(),
            incidents: Kept::new(),
            last_known_at: std::sync::Mutex::default(),
        }
    }

    /// The overview of the websites that are asked for.
    pub(crate) async fn overview(&self, filter: &Filter) -> Read<Overview> {
        let ask = async || {
            let overview = Overview::read(&self.database, &self.audience, filter).await?;
            self.know(overview.page.newest_at);
            Ok(Some(overview))
        };
        self.overviews.answer(filter, ask).await
    }

    /// A website's page.
    pub(crate) async fn website(&self, id: i64, view: &View) -> Read<WebsitePage> {
        let question = (id, view.clone());
        let ask = async || WebsitePage::read(&self.database, &self.audience, id, view).await;
        self.websites.answer(&question, ask).await
    }

    /// An incident's page.
    pub(crate) async fn incident(&self, id: i64) -> Read<IncidentPage> {
        let ask = async || IncidentPage::read(&self.database, &self.audience, id).await;
        self.incidents.answer(&id, ask).await
    }

    /// Incidents, the newest first.
    pub(crate) async fn incidents(
        &self,
        wanted: Wanted<'_>,
    ) -> Result<Vec<Incident>, DatabaseError> {
        Incident::read(&self.database, &self.audience, wanted).await
    }

    /// The connections, for what is not kept.
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// Who looks.
    pub(crate) const fn audience(&self) -> &Audience {
        &self.audience
    }

    /// When the newest result was due, as far as it was ever known.
    pub(crate) fn last_known_at(&self) -> Option<Timestamp> {
        self.last_known_at.lock().map_or(None, |at| *at)
    }

    /// What an error means, for the log.
    pub(crate) fn explain(&self, error: &DatabaseError) -> String {
        self.database.explain(error)
    }

    fn know(&self, newest_at: Option<Timestamp>) {
        if let Ok(mut known) = self.last_known_at.lock() {
            *known = newest_at.or(*known);
        }
    }
}
