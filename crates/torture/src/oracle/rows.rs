//! Rows: each check once, with each value, and no other.

use std::pin::pin;

use anyhow::Result;
use futures_util::TryStreamExt;
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

use super::{expected::Expected, findings::Findings};
use crate::stream::{COLUMNS, Meaning, Row};

/// Compares all of them.
pub(super) async fn compare(
    client: &Client,
    expected: &mut Expected,
    findings: &mut Findings,
) -> Result<()> {
    let select = format!("SELECT {} FROM results", COLUMNS.join(", "));
    let none: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(client.query_raw(&select, none).await?);
    while let Some(row) = rows.try_next().await? {
        findings.compared("rows");
        look_at(&Row::read(&row), expected, findings);
    }
    for (check, best) in &expected.rows {
        let what = format!("record {} (check {check})", best.number);
        findings.add("a row is lost", what);
    }
    for (check, contested) in &expected.contested {
        if contested.letters < contested.places.len() {
            let (number, places) = (contested.number, &contested.places);
            let what = format!("record {number} (check {check}) at {places:?}");
            findings.add("a contested record is neither row nor dead letter", what);
        }
    }
    Ok(())
}

fn look_at(found: &Row, expected: &mut Expected, findings: &mut Findings) {
    let check = found.check_id;
    let due = match expected.rows.remove(&check) {
        Some(best) => expected.row(best),
        None => contested(check, expected, findings),
    };
    let Some(due) = due else {
        let (url, at) = (&found.url, found.scheduled_at);
        let what = format!(
            "check {check} of {:?} due {at}",
            url.chars().take(80).collect::<String>()
        );
        findings.add("a row is there twice, or nobody sent it", what);
        return;
    };
    let differences = due.differences(found);
    if !differences.is_empty() {
        let what = format!("check {check}: {}", differences.join("; "));
        findings.add("a row says something else", what);
    }
}

/// The row of a check whose records may be refused, unless all of them were.
fn contested(check: Uuid, expected: &mut Expected, findings: &mut Findings) -> Option<Row> {
    let contested = expected.contested.remove(&check)?;
    if contested.letters >= contested.places.len() && !expected.is_reread {
        let what = format!("record {} (check {check})", contested.number);
        findings.add("a contested record is row and dead letter", what);
    }
    let planned = expected.planned(contested.number);
    match planned.meaning {
        Meaning::Row { row, .. } => Some(*row),
        Meaning::Letter { .. } => None,
    }
}
