//! All websites: how each is, its days and hours, what is open and what was.

use std::collections::BTreeMap;

use database::{Database, DatabaseError, Statement};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

use super::{
    filter::{Filter, SHOWN_MAX},
    incident::Incident,
    location::Location,
    recent::recent,
    things::Thing,
    website::Website,
};
use crate::{audience::Audience, budget::Budget, state::State, words};

const OVERVIEW: Statement = Statement::new(
    "reading the overview",
    concat!(
        include_str!("../../sql/facts.sql"),
        include_str!("../../sql/budgets.sql"),
        include_str!("../../sql/shown.sql"),
        include_str!("../../sql/lines.sql"),
        include_str!("../../sql/overview.sql"),
        "UNION ALL\n",
        include_str!("../../sql/told.sql"),
    ),
);

/// All that the overview shows.
#[derive(Debug)]
pub(crate) struct Overview {
    pub(crate) page: Page,
    pub(crate) groups: Vec<Group>,
    pub(crate) websites: Vec<Website>,
    /// Open ones first, then those of two weeks, the newest first.
    pub(crate) incidents: Vec<Incident>,
    pub(crate) locations: Vec<Location>,
    pub(crate) maintenance: Vec<Maintenance>,
}

/// What is said of all together.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    /// By the database's clock.
    pub(crate) now: Timestamp,
    pub(crate) today: Date,
    /// When the newest result was due, or stored where that was before.
    pub(crate) newest_at: Option<Timestamp>,
    /// The shortest interval of all websites that were heard today, in seconds.
    pub(crate) shortest: Option<f64>,
    /// Websites that are asked for, and those of them that have a line on this page or another.
    pub(crate) matching: i64,
    pub(crate) eligible: i64,
    pub(crate) tags: Vec<String>,
    /// How many websites are in each state, of all that may be seen.
    pub(crate) states: BTreeMap<State, i64>,
    /// Days that are not counted yet.
    pub(crate) uncounted: Vec<Date>,
}

impl Page {
    /// All websites that may be seen.
    pub(crate) fn total(&self) -> i64 {
        self.states.values().sum()
    }

    /// How many websites are in a state.
    pub(crate) fn count(&self, state: State) -> i64 {
        self.states.get(&state).copied().unwrap_or(0)
    }
}

/// A group of websites, those that are asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) states: BTreeMap<State, i64>,
    /// What it may fail, where it aims at an availability.
    pub(crate) budget: Option<Budget>,
}

/// When websites are worked on.
#[derive(Debug, Deserialize)]
pub(crate) struct Maintenance {
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) note: String,
    pub(crate) websites: Vec<Named>,
}

/// A website as it is called.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) id: i64,
    pub(crate) url: Option<String>,
    pub(crate) name: Option<String>,
}

impl Named {
    /// What it is called.
    pub(crate) fn title(&self) -> String {
        words::title(self.name.as_deref(), self.url.as_deref())
    }
}

impl Overview {
    /// Asks for it.
    pub(crate) async fn read(
        database: &Database,
        audience: &Audience,
        filter: &Filter,
    ) -> Result<Self, DatabaseError> {
        let (since, until) = recent();
        let rows = database
            .attempt(async |client| {
                OVERVIEW
                    .query(
                        client,
                        &[
                            &audience.tags,
                            &None::<i64>,
                            &audience.names_only,
                            &since,
                            &until,
                            &filter.words,
                            &filter.tag,
                            &filter.state.map(State::key),
                            &filter.group,
                            &filter.order.key(),
                            &SHOWN_MAX,
                            &(filter.page * SHOWN_MAX),
                        ],
                    )
                    .await
            })
            .await?;
        let things: Vec<_> = rows.iter().map(Thing::of).collect();
        let mut locations: Vec<Location> = Thing::all(&things, "location")?;
        locations.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self {
            page: Thing::only(&things, "page")?,
            groups: Thing::all(&things, "group")?,
            websites: Thing::all(&things, "website")?,
            incidents: Thing::all(&things, "incident")?,
            locations,
            maintenance: Thing::all(&things, "maintenance")?,
        })
    }
}
