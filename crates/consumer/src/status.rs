//! `consumer status`: how far each partition is stored and who owns it, what records became, what the
//! running service says of itself, the last dead letter, what is not done (open incidents, alerts, roll-ups), when
//! locations were heard, the tables' size by day.

mod kafka;
mod report;
mod tables;

use std::io::{self, Write};

use anyhow::anyhow;
use database::Database;
use jiff::Timestamp;
use service::http;

use self::report::Report;
use crate::settings::Settings;

/// Prints how it stands, for a person or as JSON. What cannot be had from Kafka is left out, and said.
pub async fn status(settings: Settings, json: bool) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let tables = tables::read(&database, &settings.source).await;
    let tables = tables.map_err(|error| anyhow!("{}", database.explain(&error)))?;
    let Settings {
        kafka,
        source,
        http_address,
        ..
    } = settings;
    let next = tables.next_offsets();
    let asked = tokio::task::spawn_blocking(move || kafka::ask(&kafka, &source, &next));
    let (asked, readiness) = tokio::join!(asked, http::readiness(http_address));
    let report = Report {
        tables,
        asked: asked?,
        readiness: readiness.map_err(|error| format!("{error:#}")),
        time: Timestamp::now(),
    };
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", report.json())?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(())
}
