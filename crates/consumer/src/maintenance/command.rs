//! A person adds, lists and removes windows.

use std::io::{self, Write};

use anyhow::anyhow;
use database::{Database, DatabaseError, Statement, begin, commit, system_time};
use deadpool_postgres::Transaction;
use jiff::{SignedDuration, Timestamp};
use messages::{Maintenance, Masked};
use serde_json::Value;
use service::command_line::{BadInput, say_nothing_found};

use super::plan::{Turn, plan};
use crate::settings::MigrateSettings;

/// A window that is over within the past changes roll-ups, so it is bounded.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);

const FIND: Statement = Statement::new(
    "looking for the website",
    "SELECT id FROM websites WHERE url = $1",
);
const INSERT: Statement = Statement::new(
    "storing a maintenance window",
    "INSERT INTO maintenance (website_id, website_group, tag, starts_at, ends_at, schedule, note) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
);
/// What is over when it is added: nobody plans it any more.
const INSERT_PAST: Statement = Statement::new(
    "storing past maintenance",
    "WITH added AS (INSERT INTO maintenance_spans (website_id, starts_at, ends_at, note) \
        SELECT websites.id, starts_at, ends_at, note FROM maintenance JOIN websites ON \
        CASE WHEN website_id IS NOT NULL THEN website_id = websites.id \
        WHEN website_group IS NOT NULL THEN target ->> 'group' = website_group \
        WHEN tag IS NOT NULL THEN target -> 'tags' ? tag ELSE true END \
        WHERE maintenance.id = $1 AND ends_at <= now() ON CONFLICT DO NOTHING RETURNING *) \
    INSERT INTO dirty_hours (hour, website_ids) SELECT hour, array_agg(website_id) FROM added \
    CROSS JOIN LATERAL generate_series(date_trunc('hour', starts_at, 'UTC'), ends_at, interval '1 hour') \
    AS hour GROUP BY hour",
);
const LIST: Statement = Statement::new(
    "listing maintenance windows",
    "SELECT jsonb_build_object('id', maintenance.id, 'website', url, 'group', website_group, 'tag', tag, \
        'starts_at', starts_at, 'ends_at', ends_at, 'schedule', schedule, 'note', note, \
        'created_at', maintenance.created_at)::text \
    FROM maintenance LEFT JOIN websites ON websites.id = website_id \
    WHERE removed_at IS NULL AND (ends_at IS NULL OR ends_at > now()) ORDER BY maintenance.id",
);
const REMOVE: Statement = Statement::new(
    "removing a maintenance window",
    "UPDATE maintenance SET removed_at = now() WHERE id = $1 AND removed_at IS NULL",
);

/// A window to add.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AddOptions {
    /// Of the website with this url.
    #[arg(long, value_name = "URL", group = "whose")]
    website: Option<String>,
    /// Of the websites of this group.
    #[arg(long, value_name = "GROUP", group = "whose")]
    group: Option<String>,
    /// Of the websites with this tag.
    #[arg(long, value_name = "TAG", group = "whose")]
    tag: Option<String>,
    /// Of all websites.
    #[arg(long, group = "whose")]
    all: bool,
    /// Again and again: "Mon,Thu 23:00 1h Europe/Amsterdam".
    #[arg(long, value_name = "WINDOW", conflicts_with_all = ["since", "until"])]
    schedule: Option<String>,
    /// Once, from then on, as 2026-11-25T03:00:00Z; now when unset.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Once, until then.
    #[arg(long, value_name = "TIME", required_unless_present = "schedule")]
    until: Option<Timestamp>,
    /// Why, for whoever looks.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// When a new window is.
struct Times {
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    schedule: Option<String>,
}

/// Adds a window, and prints its id.
pub async fn add(settings: MigrateSettings, options: AddOptions) -> anyhow::Result<()> {
    let has_whose = options.all
        || options.website.is_some()
        || options.group.is_some()
        || options.tag.is_some();
    if !has_whose {
        let message = "say whose window it is: --website, --group, --tag or --all";
        return Err(BadInput::new(message).into());
    }
    let times = options.times(Timestamp::now())?;
    let database = Database::new(&settings.database)?;
    let added = database.attempt(async |client| {
        let transaction = begin(client).await?;
        let Some(id) = insert(&transaction, &options, &times).await? else {
            return Ok(None);
        };
        INSERT_PAST.execute(&transaction, &[&id]).await?;
        plan(&transaction, Turn::Awaited).await?;
        commit(transaction, "committing a maintenance window").await?;
        Ok(Some(id))
    });
    let added = added.await.map_err(|error| told(&database, &error))?;
    let Some(id) = added else {
        let url = Masked(options.website.as_deref().unwrap_or_default());
        return Err(BadInput::new(format!("--website: there is no website {url}")).into());
    };
    writeln!(io::stdout().lock(), "added: {id}")?;
    Ok(())
}

/// Prints the windows that are not over, a line each, or JSON.
pub async fn list(settings: MigrateSettings, json: bool) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let windows = database.attempt(async |client| {
        let rows = LIST.query(client, &[]).await?;
        let texts: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        Ok(texts)
    });
    let windows = windows.await.map_err(|error| told(&database, &error))?;
    if windows.is_empty() && !json {
        say_nothing_found("there are no maintenance windows (those of targets are not listed)");
    }
    let mut out = io::stdout().lock();
    for window in windows {
        let window: Value = serde_json::from_str(&window)?;
        if json {
            writeln!(out, "{window}")?;
        } else {
            writeln!(out, "{}", line(&window))?;
        }
    }
    Ok(())
}

/// Removes a window. What it was until now stays.
pub async fn remove(settings: MigrateSettings, id: i64) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let removed = database.attempt(async |client| {
        let transaction = begin(client).await?;
        let removed = REMOVE.execute(&transaction, &[&id]).await?;
        plan(&transaction, Turn::Awaited).await?;
        commit(transaction, "committing a removed maintenance window").await?;
        Ok(removed)
    });
    if removed.await.map_err(|error| told(&database, &error))? == 0 {
        return Err(BadInput::new(format!("there is no maintenance window {id}")).into());
    }
    writeln!(io::stdout().lock(), "removed: {id}")?;
    Ok(())
}

fn told(database: &Database, error: &DatabaseError) -> anyhow::Error {
    anyhow!("{}", database.explain(error))
}

/// `None`: there is no such website.
async fn insert(
    transaction: &Transaction<'_>,
    options: &AddOptions,
    times: &Times,
) -> Result<Option<i64>, DatabaseError> {
    let mut website: Option<i64> = None;
    if let Some(url) = &options.website {
        let Some(row) = FIND.query_opt(transaction, &[&url]).await? else {
            return Ok(None);
        };
        website = Some(row.get(0));
    }
    let (starts_at, ends_at) = (
        times.starts_at.map(system_time),
        times.ends_at.map(system_time),
    );
    let AddOptions {
        group, tag, note, ..
    } = options;
    let row = INSERT
        .query_one(
            transaction,
            &[
                &website,
                group,
                tag,
                &starts_at,
                &ends_at,
                &times.schedule,
                note,
            ],
        )
        .await?;
    Ok(Some(row.get(0)))
}

impl AddOptions {
    fn times(&self, now: Timestamp) -> Result<Times, BadInput> {
        if let Some(schedule) = &self.schedule {
            Maintenance::parse(schedule)
                .map_err(|problem| BadInput::new(format!("--schedule: the window {problem}")))?;
            return Ok(Times {
                starts_at: None,
                ends_at: None,
                schedule: Some(schedule.clone()),
            });
        }
        let (start, end) = (self.since.unwrap_or(now), self.until.unwrap_or(now));
        let lasts = end.duration_since(start);
        if lasts <= SignedDuration::ZERO || lasts > SPAN_MAX {
            let message = "--until: it must be after --since (now when unset), and at most 90 days";
            return Err(BadInput::new(message));
        }
        Ok(Times {
            starts_at: Some(start),
            ends_at: Some(end),
            schedule: None,
        })
    }
}

/// A window, for a person.
fn line(window: &Value) -> String {
    let text = |key: &str| window[key].as_str().map(str::to_owned);
    let whose = text("website")
        .map(|url| Masked(&url).to_string())
        .or_else(|| text("group").map(|it| format!("group {it}")))
        .or_else(|| text("tag").map(|it| format!("tag {it}")))
        .unwrap_or_else(|| "all".into());
    let when = text("schedule").unwrap_or_else(|| {
        let time = |key| text(key).unwrap_or_default();
        format!("{} to {}", time("starts_at"), time("ends_at"))
    });
    let line = format!(
        "{}  {whose}  {when}  {}",
        window["id"],
        text("note").unwrap_or_default()
    );
    line.trim_end().to_owned()
}
