//! Answers of the database, each kept for a moment: a hundred readers cost it as much as one.

use std::{sync::Arc, time::Duration};

use database::{Database, DatabaseError};
use jiff::Timestamp;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    audience::Audience,
    queries::{Filter, Incident, IncidentPage, Overview, View, Wanted, WebsitePage},
};

/// How long an answer is as good as a new one.
const FRESH: Duration = Duration::from_secs(1);
/// Answers that are kept: each is of other words in the address.
const KEPT_MAX: usize = 16;

/// The database, read through answers that are still fresh.
#[derive(Debug)]
pub(crate) struct Reading {
    database: Database,
    audience: Audience,
    /// Held while one is asked for, so that whoever wants the same waits for it.
    overviews: Mutex<Vec<Kept>>,
    /// When the newest result was due, by the last answer there was.
    last_known_at: std::sync::Mutex<Option<Timestamp>>,
}

#[derive(Debug)]
struct Kept {
    filter: Filter,
    read_at: Instant,
    overview: Arc<Overview>,
}

impl Reading {
    /// Nothing is asked yet.
    pub(crate) fn new(database: Database, audience: Audience) -> Self {
        Self {
            database,
            audience,
            overviews: Mutex::default(),
            last_known_at: std::sync::Mutex::default(),
        }
    }

    /// The overview of the websites that are asked for.
    pub(crate) async fn overview(&self, filter: &Filter) -> Result<Arc<Overview>, DatabaseError> {
        let mut kept = self.overviews.lock().await;
        kept.retain(|it| it.read_at.elapsed() < FRESH);
        if let Some(found) = kept.iter().find(|it| it.filter == *filter) {
            return Ok(found.overview.clone());
        }
        let overview = Overview::read(&self.database, &self.audience, filter).await?;
        self.know(overview.page.newest_at);
        let overview = Arc::new(overview);
        kept.truncate(KEPT_MAX - 1);
        kept.push(Kept {
            filter: filter.clone(),
            read_at: Instant::now(),
            overview: overview.clone(),
        });
        Ok(overview)
    }

    /// A website's page; `None` where there is none that may be seen.
    pub(crate) async fn website(
        &self,
        id: i64,
        view: &View,
    ) -> Result<Option<WebsitePage>, DatabaseError> {
        WebsitePage::read(&self.database, &self.audience, id, view).await
    }

    /// An incident's page; `None` where there is none that may be seen.
    pub(crate) async fn incident(&self, id: i64) -> Result<Option<IncidentPage>, DatabaseError> {
        IncidentPage::read(&self.database, &self.audience, id).await
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
