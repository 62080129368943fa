//! Which hours of whom a batch touched: marked in its transaction, so that what they came to is
//! counted anew.

use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::row::{Fate, Stored};

const HOUR_SECONDS: i64 = 3600;

/// A list of lists has one width in PostgreSQL, so each list comes as a text.
const MARK: Statement = Statement::new(
    "marking hours to be counted",
    "INSERT INTO dirty_hours (hour, website_ids) \
    SELECT to_timestamp(hour), website_ids::bigint[] \
    FROM unnest($1::bigint[], $2::text[]) AS touched (hour, website_ids)",
);

/// Marks the hours of the rows that are new or replaced another: a repeat changes nothing.
pub(super) async fn mark(
    transaction: &Transaction<'_>,
    stored: &[Stored<'_>],
) -> Result<(), DatabaseError> {
    let touched = touched(stored);
    if touched.is_empty() {
        return Ok(());
    }
    let hours: Vec<i64> = touched.iter().map(|(hour, _)| *hour).collect();
    let lists: Vec<&str> = touched.iter().map(|(_, list)| list.as_str()).collect();
    MARK.execute(transaction, &[&hours, &lists]).await?;
    Ok(())
}

/// Each hour once, in seconds since 1970, with the ids of its websites as PostgreSQL writes a list.
fn touched(stored: &[Stored<'_>]) -> Vec<(i64, String)> {
    let news = stored.iter().filter(|it| it.fate != Fate::Repeat);
    let mut touched: Vec<_> = news
        .map(|it| {
            let due = it.row.record.scheduled_at.as_microsecond();
            let hour = due.div_euclid(HOUR_SECONDS * 1_000_000);
            (hour * HOUR_SECONDS, it.row.website_id)
        })
        .collect();
    touched.sort_unstable();
    touched.dedup();
    let hours = touched.chunk_by(|one, next| one.0 == next.0);
    hours.map(|hour| (hour[0].0, list(hour))).collect()
}

fn list(hour: &[(i64, i64)]) -> String {
    let ids: Vec<_> = hour.iter().map(|(_, id)| id.to_string()).collect();
    format!("{{{}}}", ids.join(","))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use messages::{OutcomeKind, Record};

    use super::*;
    use crate::{store::row::Row, testing::record};

    #[test]
    fn each_hour_is_marked_once_with_those_of_whom_it_knows_more() {
        let due_at = |text: &str| Record {
            scheduled_at: text.parse().unwrap(),
            ..record(1, OutcomeKind::Up)
        };
        let first = due_at("2026-11-25T03:00:00Z");
        let last = due_at("2026-11-25T03:59:59.999999Z");
        let next = due_at("2026-11-25T04:00:00Z");
        let before_1970 = Record {
            scheduled_at: Timestamp::UNIX_EPOCH - SignedDuration::from_micros(1),
            ..first.clone()
        };
        let stored = |website_id, record, fate| Stored {
            row: Row {
                website_id,
                certificate_id: None,
                record,
            },
            fate,
        };
        let all = [
            stored(2, &next, Fate::Replaced),
            stored(2, &first, Fate::New),
            stored(1, &last, Fate::New),
            stored(2, &last, Fate::New),
            stored(3, &last, Fate::Repeat),
            stored(3, &before_1970, Fate::New),
        ];
        let hour = first.scheduled_at.as_second();
        let expected = [
            (-3600, "{3}".to_owned()),
            (hour, "{1,2}".to_owned()),
            (hour + 3600, "{2}".to_owned()),
        ];
        assert_eq!(touched(&all), expected);
    }
}
