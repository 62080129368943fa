//! What every test needs: the shared servers, services as processes, records, rows, and waiting.

mod ask;
mod database;
mod process;
mod prometheus;
mod proxy;
mod records;
mod servers;
mod site;
mod terminal;
mod wait;
mod wall_clock;

pub(crate) use ask::ask;
pub(crate) use database::Database;
pub(crate) use process::{Service, ServiceSettings, bare, program};
pub(crate) use prometheus::{Alertmanager, Found, Prometheus, instances, run_tool};
pub(crate) use proxy::Proxy;
pub(crate) use records::{Topic, original_record};
pub(crate) use servers::shared;
pub(crate) use site::{Answer, Site, url_not_due_soon};
pub(crate) use wait::{PATIENCE, eventually};
pub(crate) use wall_clock::WallClock;
