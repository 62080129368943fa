//! How many of a location's websites fail without that any witness answers there.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use database::{DatabaseError, Parameters, Statement};
use deadpool_postgres::Transaction;

use crate::incidents::LOCATION_CHARS_MAX;

/// How far back a website's newest result is sought.
const DAY: Duration = Duration::from_hours(24);

/// By the newest result of each website until that time, of those that were heard within three intervals
/// before the newest of all: a website that has another interval, or is gone, says nothing.
static COUNT: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!(
        "WITH newest AS MATERIALIZED ( \
            SELECT scheduled_at, sound_interval(\"interval\") AS \"interval\", is_doubted \
            FROM websites CROSS JOIN LATERAL ( \
                SELECT scheduled_at, \"interval\", outcome = 'down' AND witness IS NOT DISTINCT FROM 'down' AS is_doubted \
                FROM metrics WHERE website_id = websites.id AND left(location, {LOCATION_CHARS_MAX}) = $1 \
                    AND outcome IN ('up', 'down') \
                    AND scheduled_at > $2 AND scheduled_at <= $3 \
                ORDER BY scheduled_at DESC LIMIT 1) AS of_website \
        ) \
        SELECT count(*) FILTER (WHERE is_doubted), count(*) FROM newest \
        WHERE scheduled_at >= (SELECT max(scheduled_at) FROM newest) - 3 * \"interval\" * interval '1 second'"
    );
    Statement::built("counting websites that fail without a witness", sql)
});

/// Of a location's websites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) failed: i64,
    pub(super) checked: i64,
}

impl Share {
    /// As it was at that time.
    pub(super) async fn at(
        transaction: &Transaction<'_>,
        location: &str,
        time: SystemTime,
    ) -> Result<Self, DatabaseError> {
        // With both times in sight, the server plans for the few partitions that lie between; by one of them
        // minus a day, for all.
        let parameters: &Parameters<'_> = &[&location, &(time - DAY), &time];
        let rows = COUNT.query_once(transaction, parameters).await?;
        let share = rows.first().map(|row| Self {
            failed: row.get(0),
            checked: row.get(1),
        });
        Ok(share.unwrap_or(Self {
            failed: 0,
            checked: 0,
        }))
    }

    /// Whether half of them fail.
    pub(super) fn is_half(self) -> bool {
        self.failed > 0 && self.failed * 2 >= self.checked
    }
}
