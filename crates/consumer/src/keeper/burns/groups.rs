//! Error budgets of groups: what their websites may spend together.

use std::time::SystemTime;

use database::{DatabaseError, Statement};
use deadpool_postgres::{GenericClient, Transaction};

use super::rules::ByRule;
use crate::alerts::GroupSlo;

const FORGET: Statement = Statement::new(
    "forgetting what groups aimed at",
    "DELETE FROM group_slos WHERE website_group <> ALL ($1::text[])",
);
const AIM: Statement = Statement::new(
    "storing what groups aim at",
    "INSERT INTO group_slos (website_group, slo) SELECT * FROM unnest($1::text[], $2::float8[]) \
    ON CONFLICT (website_group) DO UPDATE SET slo = excluded.slo",
);
/// As of websites: over the factor in the long and in the short time.
const BEGIN: ByRule = ByRule {
    doing: "looking for error budgets of groups that are spent fast",
    sql: "WITH quick AS MATERIALIZED ( \
        SELECT website_group, slo FROM group_slos \
        CROSS JOIN LATERAL group_burn_rate(website_group, slo, {short}, {now}) \
        WHERE rate >= {factor} AND NOT EXISTS (SELECT FROM burns \
            WHERE burns.website_group = group_slos.website_group AND burns.factor = {factor} \
            AND ended_at IS NULL) \
    ) \
    INSERT INTO burns (website_group, factor) \
    SELECT website_group, {factor} FROM quick \
    CROSS JOIN LATERAL group_burn_rate(website_group, slo, {long}, {now}) \
    WHERE rate >= {factor} AND failed >= $1 \
    ON CONFLICT (website_group, factor) WHERE ended_at IS NULL DO NOTHING RETURNING id",
};
const END: ByRule = ByRule {
    doing: "looking for error budgets of groups that are spent slowly again",
    sql: "UPDATE burns SET ended_at = now() WHERE website_group IS NOT NULL AND ended_at IS NULL \
    AND factor = {factor} \
    AND NOT EXISTS (SELECT FROM group_slos \
        CROSS JOIN LATERAL group_burn_rate(group_slos.website_group, slo, {long}, {now}) \
        WHERE group_slos.website_group = burns.website_group AND rate >= {factor}) \
    RETURNING id",
};

/// Stores what groups aim at, for whoever asks what is left of it.
pub(super) async fn aim(
    client: &impl GenericClient,
    slos: &[GroupSlo],
) -> Result<(), DatabaseError> {
    let groups: Vec<&str> = slos.iter().map(|it| it.group.as_str()).collect();
    let percents: Vec<f64> = slos.iter().map(|it| it.percent).collect();
    FORGET.execute(client, &[&groups]).await?;
    AIM.execute(client, &[&groups, &percents]).await?;
    Ok(())
}

/// The burns of groups that begin now, where so many checks failed at least.
pub(super) async fn begin(
    transaction: &Transaction<'_>,
    now: SystemTime,
    failed_min: i64,
) -> Result<Vec<i64>, DatabaseError> {
    BEGIN.ask(transaction, now, &[&failed_min]).await
}

/// Those that are over now.
pub(super) async fn end(
    transaction: &Transaction<'_>,
    now: SystemTime,
) -> Result<Vec<i64>, DatabaseError> {
    END.ask(transaction, now, &[]).await
}
