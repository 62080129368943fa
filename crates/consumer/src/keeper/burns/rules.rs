//! How fast is fast, and the times that it is measured over. They stand in the text of a statement: so only
//! the partitions of these hours are planned for. By `now()` all of them would be, each beside each other, which
//! takes a server with years of them minutes and its memory.

use std::time::SystemTime;

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::Transaction;
use jiff::{SignedDuration, Timestamp};

/// A burn begins where the rate is over the factor in the long time and, so that it goes on just now, in
/// the short one.
struct Rule {
    factor: &'static str,
    short: SignedDuration,
    long: SignedDuration,
}

/// 14.4 spends 2 % of a month's budget in an hour, 6 spends 5 % in six hours.
const RULES: [Rule; 2] = [
    Rule {
        factor: "14.4::double precision",
        short: SignedDuration::from_mins(5),
        long: SignedDuration::from_hours(1),
    },
    Rule {
        factor: "6::double precision",
        short: SignedDuration::from_mins(30),
        long: SignedDuration::from_hours(6),
    },
];

/// A statement for each rule, with `{factor}`, `{short}` and `{long}`, since when it is looked, and `{now}`.
pub(super) struct ByRule {
    pub(super) doing: &'static str,
    pub(super) sql: &'static str,
}

impl ByRule {
    /// Asks by each rule, and hands back all ids.
    pub(super) async fn ask(
        &self,
        transaction: &Transaction<'_>,
        now: SystemTime,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<i64>, DatabaseError> {
        // PostgreSQL's clock is not beyond what ours can spell.
        let now = Timestamp::try_from(now).unwrap_or_default();
        let mut ids = Vec::new();
        for rule in RULES {
            let statement = Statement::built(self.doing, rule.spell(self.sql, now));
            let rows = statement.query_once(transaction, parameters).await?;
            ids.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
        }
        Ok(ids)
    }
}

impl Rule {
    fn spell(&self, sql: &str, now: Timestamp) -> String {
        let before = |time| now.checked_sub(time).unwrap_or(Timestamp::MIN);
        let literal = |time: Timestamp| format!("'{time:.6}'::timestamptz");
        sql.replace("{factor}", self.factor)
            .replace("{short}", &literal(before(self.short)))
            .replace("{long}", &literal(before(self.long)))
            .replace("{now}", &literal(now))
    }
}
