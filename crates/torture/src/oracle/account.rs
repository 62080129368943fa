//! The account: what the offsets of each partition became, and what the consumer says of it itself.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;
use tokio_postgres::Client;

use super::{expected::Expected, findings::Findings};
use crate::world::{Redriven, World};

const SELECT: &str = "SELECT partition, start_offset, next_offset, rows, duplicates, replaced, \
    dead_letters, gaps, lost FROM offsets ORDER BY partition";
const TOTALS: &str = "SELECT (SELECT count(*) FROM metrics), (SELECT count(*) FROM dead_letters)";

/// What the account has to add up to.
pub(super) struct Sums<'a> {
    /// Where each partition ends.
    pub(super) ends: &'a BTreeMap<i32, i64>,
    /// Dead letters that became something else since: the account says what they were when read.
    pub(super) redriven: Redriven,
}

const KIND: &str = "the account of offsets";

/// Compares the stored account with what was sent.
pub(super) async fn compare(
    client: &Client,
    expected: &Expected,
    sums: &Sums<'_>,
    findings: &mut Findings,
) -> Result<()> {
    let ends = sums.ends;
    let (mut rows, mut letters) = (0, 0);
    let mut partitions = 0;
    for row in client.query(SELECT, &[]).await? {
        let partition: i32 = row.get(0);
        let number = |column| row.get::<_, i64>(column);
        partitions += 1;
        rows += number(3);
        letters += number(6);
        findings.compared("partitions");
        let of = |map: &BTreeMap<i32, i64>| map.get(&partition).copied().unwrap_or(0);
        let (end, records, lost) = (of(ends), of(&expected.records), of(&expected.lost));
        let mut check = |what: &str, found: i64, due: i64| {
            if found != due {
                findings.add(
                    KIND,
                    format!("partition {partition}: {what} {found}, not {due}"),
                );
            }
        };
        check("begins at", number(1), 0);
        check("ends at", number(2), end);
        check("counts", (3..=8).map(number).sum(), end);
        check("lost", number(8), lost);
        if !expected.is_reread {
            check("gaps", number(7), end - records - lost);
        }
    }
    if partitions != ends.len() {
        findings.add(
            KIND,
            format!("{partitions} partitions are stored of {}", ends.len()),
        );
    }
    compare_totals(client, (rows, letters), sums.redriven, findings).await
}

/// Compares what is counted with what is there.
async fn compare_totals(
    client: &Client,
    (rows, letters): (i64, i64),
    redriven: Redriven,
    findings: &mut Findings,
) -> Result<()> {
    let totals = client.query_one(TOTALS, &[]).await?;
    let (all_rows, all_letters): (i64, i64) = (totals.get(0), totals.get(1));
    let Redriven { stored, repeats } = redriven;
    findings.compared.insert(
        "dead letters that became rows when tried again",
        stored.unsigned_abs(),
    );
    if rows + stored != all_rows {
        let what = format!("{rows} rows are counted and {stored} redriven, {all_rows} are there");
        findings.add(KIND, what);
    }
    if letters - stored - repeats != all_letters {
        let what = format!(
            "{letters} dead letters are counted and {} redriven, {all_letters} are there",
            stored + repeats
        );
        findings.add(KIND, what);
    }
    Ok(())
}

/// Asks `consumer verify`, which has to find that nothing is missing.
pub(super) fn verify(world: &World, findings: &mut Findings) -> Result<()> {
    const KIND: &str = "consumer verify";
    let period = [
        "--since",
        "2026-03-01T00:00:00Z",
        "--until",
        "2026-03-01T01:30:00Z",
    ];
    let mut arguments = vec!["verify", "--json"];
    arguments.extend(period);
    let (answer, is_well) = world.guest.ask(&arguments)?;
    let report: Value =
        serde_json::from_str(answer.lines().next().unwrap_or_default()).unwrap_or_default();
    let is_counted = report["unaccounted_offsets"] == 0 && report["unaccounted_checks"] == 0;
    let rows = report["rows"].as_u64().unwrap_or_default();
    findings
        .compared
        .insert("rows that consumer verify looked at", rows);
    if !is_well || !is_counted || rows == 0 {
        findings.add(KIND, answer.chars().take(2000).collect::<String>());
    }
    Ok(())
}
