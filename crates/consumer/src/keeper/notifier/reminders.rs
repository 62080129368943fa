//! Reminders: an incident that lasts is told again, as often as its receiver wants.

use std::time::Duration;

use database::{Database, DatabaseError, Statement};
use notify::Receivers;

/// Whoever was told that it began, and whom nothing was told of it for as long as it wants. Who has not taken the last
/// word yet is told no other: else one that was away for a day would hear all of its reminders at once.
const REMIND: Statement = Statement::new(
    "looking for incidents that last",
    "INSERT INTO outbox (receiver, kind, subject, incident_id, website_id) \
    SELECT beginning.receiver, 'reminder', beginning.subject || ' reminder ' || told.times, \
    beginning.incident_id, beginning.website_id \
    FROM incidents JOIN outbox AS beginning ON beginning.incident_id = incidents.id \
    AND beginning.kind = 'down' AND beginning.alert_id IS NOT NULL \
    JOIN unnest($1::text[], $2::double precision[]) AS wants (receiver, seconds) \
    ON wants.receiver = beginning.receiver \
    CROSS JOIN LATERAL (SELECT count(*) AS times, \
    max(CASE WHEN withheld IS NULL THEN sent_at ELSE before.created_at END) AS newest, \
    bool_or(withheld IS NULL AND sent_at IS NULL) AS waits \
    FROM outbox AS before LEFT JOIN alerts ON alerts.id = alert_id \
    WHERE before.incident_id = incidents.id AND before.receiver = beginning.receiver \
    AND before.kind IN ('down', 'reminder')) AS told \
    WHERE incidents.closed_at IS NULL AND NOT told.waits \
    AND told.newest < now() - seconds * interval '1 second' \
    ON CONFLICT ON CONSTRAINT outbox_told_once DO NOTHING",
);

/// Writes reminders that are due, and says how many.
pub(super) async fn remind(
    database: &Database,
    receivers: &Receivers,
) -> Result<u64, DatabaseError> {
    let wants = receivers.iter().filter_map(|receiver| {
        let seconds = receiver.remind_after.as_ref().map(Duration::as_secs_f64)?;
        Some((receiver.name.as_str(), seconds))
    });
    let (names, seconds): (Vec<_>, Vec<_>) = wants.unzip();
    if names.is_empty() {
        return Ok(0);
    }
    database
        .attempt(async |client| REMIND.execute(client, &[&names, &seconds]).await)
        .await
}
