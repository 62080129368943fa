//! Each due check of each website and location against the rows that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use ::status::Outcomes;
use database::{Database, DatabaseError, Statement};
use jiff::Timestamp;
use tokio_postgres::Row;

use super::{
    days::{Place, Sum, add_up, days, read, runs},
    neighbours::{Side, neighbours},
    seen::{Finding, Seen, Wrong, judge, last},
};

const WEBSITES: Statement = Statement::new(
    "reading websites",
    "SELECT id, url, target ->> 'name' FROM websites WHERE $1::text[] IS NULL OR target -> 'tags' ?| $1",
);

/// What is to be proved.
pub(super) struct Wanted<'a> {
    pub(super) period: Range<Timestamp>,
    /// Only websites with one of these tags; `None`: all.
    pub(super) tags: Option<&'a [String]>,
    /// How many findings are told one by one.
    pub(super) findings_max: usize,
}

/// What the checks of a period came to.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// All rows of the period.
    pub(super) rows: i64,
    /// Those that do not say what was due.
    pub(super) rows_without_interval: i64,
    /// The others, of the websites that were asked for.
    pub(super) outcomes: Outcomes,
    /// Websites, each at each of its locations, that have rows.
    pub(super) places: usize,
    /// Those that left the list, as their last record says: nothing is due of them.
    pub(super) retired: usize,
    /// How many checks were due.
    pub(super) due: i64,
    /// How many checks are unaccounted for, in how many findings.
    pub(super) unaccounted: i64,
    pub(super) findings: usize,
    /// The first of them.
    pub(super) first: Vec<Unaccounted>,
}

/// Checks of a website at a location that are unaccounted for.
#[derive(Debug)]
pub(super) struct Unaccounted {
    pub(super) website_id: i64,
    pub(super) url: String,
    pub(super) name: Option<String>,
    pub(super) location: String,
    pub(super) finding: Finding,
}

/// A website as it is called: its url, and its name.
type Called = (String, Option<String>);

/// Compares the checks that were due in a period with the rows.
pub(super) async fn prove(
    database: &Database,
    wanted: &Wanted<'_>,
) -> Result<Checks, DatabaseError> {
    let period = &wanted.period;
    let websites = read_websites(database, wanted.tags).await?;
    let mut checks = Checks::default();
    let mut rows: BTreeMap<Place, Vec<Seen>> = BTreeMap::new();
    for day in days(period) {
        let sums = add_up(database, &day).await?;
        checks.rows += sums.rows;
        checks.rows_without_interval += sums.rows_without_interval;
        for (place, mut sums) in sums.sums {
            let Some((url, _)) = websites.get(&place.0) else {
                continue;
            };
            for sum in &sums {
                checks.count(sum);
            }
            let seen = match runs(url, &mut sums) {
                Some(runs) => runs,
                None => read(database, &place, &day).await?,
            };
            rows.entry(place).or_default().extend(seen);
        }
    }
    checks.places = rows.len();
    let ids = || websites.keys().copied();
    let before = neighbours(database, Side::Before, period.start, ids()).await?;
    let behind = neighbours(database, Side::Behind, period.end, ids()).await?;
    // Nothing was due where there is no row within the period nor before it.
    let places: BTreeSet<Place> = rows.keys().chain(before.keys()).cloned().collect();
    for place in places {
        let Some(website) = websites.get(&place.0) else {
            continue;
        };
        let within = rows.remove(&place).unwrap_or_default();
        let (before, behind) = (before.get(&place).copied(), behind.get(&place).copied());
        let is_retired = last(&within, before).is_some_and(|last| last.is_last);
        checks.retired += usize::from(is_retired && behind.is_none());
        for finding in judge(&website.0, period, &within, before, behind) {
            checks.find(&place, website, finding, wanted.findings_max);
        }
    }
    Ok(checks)
}

impl Checks {
    fn count(&mut self, sum: &Sum) {
        self.due += sum.count;
        self.outcomes += sum.outcomes;
    }

    fn find(&mut self, place: &Place, website: &Called, finding: Finding, max: usize) {
        self.findings += 1;
        self.unaccounted += finding.checks;
        match finding.wrong {
            Wrong::Missing | Wrong::Silent => self.due += finding.checks,
            Wrong::Repeated | Wrong::NotDue => self.due -= finding.checks,
        }
        if self.first.len() < max {
            self.first.push(Unaccounted {
                website_id: place.0,
                url: website.0.clone(),
                name: website.1.clone(),
                location: place.1.clone(),
                finding,
            });
        }
    }
}

async fn read_websites(
    database: &Database,
    tags: Option<&[String]>,
) -> Result<BTreeMap<i64, Called>, DatabaseError> {
    let rows = database
        .attempt(async |client| WEBSITES.query(client, &[&tags]).await)
        .await?;
    let website = |row: &Row| (row.get(0), (row.get(1), row.get(2)));
    Ok(rows.iter().map(website).collect())
}
