//! The proof of the last day, as the status page tells of it.

use ::status::{Account, Finding};
use database::{Database, DatabaseError};
use jiff::Timestamp;

use super::{
    checks::{Unaccounted, Wanted, prove},
    period::{PERIOD, UNDER_WAY},
    seen::Wrong,
};

/// Findings that are told one by one: a page is no place for a million.
const FINDINGS_MAX: usize = 20;

/// What became of the checks of the last day, of websites with one of the tags; `None`: of all.
pub(crate) async fn last_day(
    database: &Database,
    tags: Option<&[String]>,
    now: Timestamp,
) -> Result<Account, DatabaseError> {
    let until = now - UNDER_WAY;
    let wanted = Wanted {
        period: until - PERIOD..until,
        tags,
        findings_max: FINDINGS_MAX,
    };
    let checks = prove(database, &wanted).await?;
    Ok(Account {
        until,
        due: checks.due,
        outcomes: checks.outcomes,
        unaccounted: checks.unaccounted,
        other_findings: checks.findings - checks.first.len(),
        findings: checks.first.into_iter().map(finding).collect(),
    })
}

fn finding(it: Unaccounted) -> Finding {
    Finding {
        website_id: it.website_id,
        url: it.url,
        name: it.name,
        location: it.location,
        wrong: match it.finding.wrong {
            Wrong::Missing => "no row",
            Wrong::Silent => "silent",
            Wrong::Repeated => "more than one row",
            Wrong::NotDue => "a row that was not due",
        },
        checks: it.finding.checks,
        first: it.finding.first,
        last: it.finding.last,
    }
}
