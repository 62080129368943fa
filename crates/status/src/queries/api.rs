//! What the API asks: each row is a thing as JSON, behind what tells where it stands.

use database::{Database, DatabaseError, Statement, system_time};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Row, types::ToSql};

use super::recent::{few_days, recent};
use crate::{audience::Audience, state::State};

const WEBSITES: Statement = Statement::new(
    "listing websites",
    concat!(
        include_str!("../../sql/facts.sql"),
        include_str!("../../sql/api/websites.sql"),
    ),
);
const GROUPS: Statement = Statement::new(
    "listing groups",
    concat!(
        include_str!("../../sql/facts.sql"),
        include_str!("../../sql/budgets.sql"),
        include_str!("../../sql/api/groups.sql"),
    ),
);
const CHECKS: Statement =
    Statement::new("listing checks", include_str!("../../sql/api/checks.sql"));
const INCIDENTS: Statement = Statement::new(
    "listing incidents",
    include_str!("../../sql/api/incidents.sql"),
);
const AVAILABILITY: Statement = Statement::new(
    "adding up a website's days",
    include_str!("../../sql/api/availability.sql"),
);
const MAINTENANCE: Statement = Statement::new(
    "listing maintenance",
    include_str!("../../sql/api/maintenance.sql"),
);

/// Bytes of the texts of one answer's checks: beyond, the next page goes on.
const TEXTS_BYTES_MAX: i64 = 8 * 1024 * 1024;

/// Things as JSON, and where the last one stands.
#[derive(Debug, Default)]
pub(crate) struct Things {
    pub(crate) json: Vec<String>,
    pub(crate) last: Option<String>,
    /// There are more than these, although fewer came than were asked for.
    pub(crate) is_cut: bool,
}

impl Things {
    /// Of rows that hold an id and a thing.
    fn by_id(rows: &[Row]) -> Self {
        Self {
            json: rows.iter().map(|row| row.get(1)).collect(),
            last: rows.last().map(|row| row.get::<_, i64>(0).to_string()),
            is_cut: false,
        }
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

async fn ask(
    database: &Database,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, DatabaseError> {
    database
        .attempt(async |client| statement.query(client, parameters).await)
        .await
}

/// Which websites are asked for.
#[derive(Debug, Default)]
pub(crate) struct Websites<'a> {
    pub(crate) id: Option<i64>,
    pub(crate) tag: Option<&'a str>,
    pub(crate) state: Option<State>,
    pub(crate) group: Option<&'a str>,
    /// Only those with a greater id.
    pub(crate) after: i64,
    pub(crate) limit: i64,
}

impl Websites<'_> {
    /// Asks for them.
    pub(crate) async fn read(
        &self,
        database: &Database,
        audience: &Audience,
    ) -> Result<Things, DatabaseError> {
        let state = self.state.map(State::key);
        let (since, until) = recent();
        let rows = ask(
            database,
            &WEBSITES,
            &[
                &audience.tags,
                &self.id,
                &audience.names_only,
                &since,
                &until,
                &self.tag,
                &state,
                &self.group,
                &self.after,
                &self.limit,
            ],
        )
        .await?;
        Ok(Things::by_id(&rows))
    }
}

/// Groups behind one of this name.
pub(crate) async fn groups(
    database: &Database,
    audience: &Audience,
    after: Option<&str>,
    limit: i64,
) -> Result<Things, DatabaseError> {
    let (since, until) = recent();
    let rows = ask(
        database,
        &GROUPS,
        &[
            &audience.tags,
            &None::<i64>,
            &audience.names_only,
            &since,
            &until,
            &after,
            &limit,
        ],
    )
    .await?;
    Ok(Things {
        json: rows.iter().map(|row| row.get(1)).collect(),
        last: rows.last().map(|row| row.get(0)),
        is_cut: false,
    })
}

/// Which checks of a website are asked for.
#[derive(Debug)]
pub(crate) struct Checks<'a> {
    pub(crate) website_id: i64,
    pub(crate) period: (Timestamp, Timestamp),
    pub(crate) outcome: Option<&'a str>,
    pub(crate) location: Option<&'a str>,
    /// Only those behind the check that was due then and has this id.
    pub(crate) after: Option<(Timestamp, &'a str)>,
    pub(crate) limit: i64,
}

impl Checks<'_> {
    /// Asks for them.
    pub(crate) async fn read(
        &self,
        database: &Database,
        audience: &Audience,
    ) -> Result<Things, DatabaseError> {
        let (since, until) = (system_time(self.period.0), system_time(self.period.1));
        let after = self.after.map(|after| system_time(after.0));
        let after_id = self.after.map(|after| after.1);
        let rows = ask(
            database,
            &CHECKS,
            &[
                &audience.tags,
                &self.website_id,
                &since,
                &until,
                &self.outcome,
                &self.location,
                &after,
                &after_id,
                &self.limit,
                &TEXTS_BYTES_MAX,
                &audience.names_only,
            ],
        )
        .await?;
        let last = rows.last().and_then(|row| {
            let due_at = Timestamp::try_from(row.get::<_, std::time::SystemTime>(0)).ok()?;
            Some(format!("{due_at},{}", row.get::<_, &str>(1)))
        });
        Ok(Things {
            json: rows.iter().map(|row| row.get(2)).collect(),
            last,
            is_cut: rows
                .last()
                .is_some_and(|row| row.get::<_, i64>(3) > count(rows.len())),
        })
    }
}

/// Which incidents are asked for.
#[derive(Debug)]
pub(crate) struct Incidents<'a> {
    pub(crate) website_id: Option<i64>,
    pub(crate) period: (Timestamp, Timestamp),
    pub(crate) status: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
    /// Only those with a smaller id.
    pub(crate) before: i64,
    pub(crate) limit: i64,
}

impl Incidents<'_> {
    /// Asks for them.
    pub(crate) async fn read(
        &self,
        database: &Database,
        audience: &Audience,
    ) -> Result<Things, DatabaseError> {
        let (since, until) = (system_time(self.period.0), system_time(self.period.1));
        let rows = ask(
            database,
            &INCIDENTS,
            &[
                &audience.tags,
                &self.website_id,
                &since,
                &until,
                &self.status,
                &self.group,
                &self.before,
                &self.limit,
                &audience.names_only,
            ],
        )
        .await?;
        Ok(Things::by_id(&rows))
    }
}

/// What a website's checks of some days came to; `None` where there is no such website.
pub(crate) async fn availability(
    database: &Database,
    audience: &Audience,
    website_id: i64,
    (from, to): (Date, Date),
) -> Result<Option<String>, DatabaseError> {
    let (since, until) = few_days(from, to);
    let (from, to) = (from.to_string(), to.to_string());
    let row = database
        .attempt(async |client| {
            AVAILABILITY
                .query_opt(
                    client,
                    &[&audience.tags, &website_id, &from, &to, &since, &until],
                )
                .await
        })
        .await?;
    Ok(row.map(|row| row.get(1)))
}

/// When websites are worked on.
pub(crate) async fn maintenance(
    database: &Database,
    audience: &Audience,
    limit: i64,
) -> Result<Things, DatabaseError> {
    let rows = ask(
        database,
        &MAINTENANCE,
        &[&audience.tags, &limit, &audience.names_only],
    )
    .await?;
    Ok(Things {
        json: rows.iter().map(|row| row.get(1)).collect(),
        last: None,
        is_cut: false,
    })
}
