//! What is asked of the database, and what comes back.
//!
//! Each page is one statement, whose rows are a kind and a thing of that kind as JSON: so a page is of
//! one moment, and costs one way to the server and back.

mod api;
mod check;
mod filter;
mod glance;
mod incident;
mod incident_page;
mod location;
mod overview;
mod probes;
mod recent;
mod things;
mod view;
mod website;
mod website_page;

pub(crate) use api::{Checks, Incidents, Things, Websites, availability, groups, maintenance};
pub(crate) use check::{Check, Seen};
pub(crate) use filter::{Filter, Order, SHOWN_MAX};
pub(crate) use glance::Glance;
pub(crate) use incident::{INCIDENTS_MAX, Incident, Wanted};
pub(crate) use incident_page::{Decided, IncidentPage, Lane, Told};
pub(crate) use location::Location;
pub(crate) use overview::{Group, Maintenance, Named, Overview, Page};
pub(crate) use probes::probes;
pub(crate) use view::{Period, View};
pub(crate) use website::{Day, Hour, Website};
pub(crate) use website_page::{DaySum, Place, Point, WebsitePage};
