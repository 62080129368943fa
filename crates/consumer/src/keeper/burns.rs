//! Error budgets: a website that spends its budget fast is told of once, until that is over; and so is a group of
//! them (`groups`).

use std::time::{Duration, SystemTime};

use database::{Database, DatabaseError, Statement, begin, commit};
use deadpool_postgres::Transaction;
use messages::Masked;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::rules::ByRule;
use super::{
    pause::pause,
    telling::{Names, Notice, Untold, tell, tell_ends},
};
use crate::alerts::GroupSlo;

mod groups;
mod rules;
#[cfg(test)]
mod tests;

/// How often it is looked.
const ROUND_INTERVAL: Duration = Duration::from_mins(1);
/// One failed check, or two, of a website that is checked once a minute are no fast burn, whatever the
/// rate is.
const FAILED_MIN: i64 = 3;
/// The lock under which one keeper looks. Any number will do that nobody else uses: `wm_burn` in ASCII.
const LOCK_KEY: i64 = 0x0077_6d5f_6275_726e;

const LOCK: Statement = Statement::new(
    "waiting to look at error budgets",
    "SELECT pg_try_advisory_xact_lock($1), now()",
);
/// Burns begin where the rate is over the factor in the long and in the short time.
const BEGIN: ByRule = ByRule {
    doing: "looking for error budgets that are spent fast",
    sql: "WITH aimed AS MATERIALIZED ( \
        SELECT id, slo FROM (SELECT id, CASE jsonb_typeof(target -> 'slo') \
            WHEN 'number' THEN (target -> 'slo')::double precision END AS slo FROM websites) AS sites \
        WHERE slo > 0 AND slo < 100 \
    ), quick AS MATERIALIZED ( \
        SELECT aimed.* FROM aimed CROSS JOIN LATERAL burn_rate(aimed.id, slo, {short}, {now}) \
        WHERE rate >= {factor} AND NOT EXISTS (SELECT FROM burns \
            WHERE website_id = aimed.id AND burns.factor = {factor} AND ended_at IS NULL) \
    ) \
    INSERT INTO burns (website_id, factor) \
    SELECT id, {factor} FROM quick CROSS JOIN LATERAL burn_rate(id, slo, {long}, {now}) \
    WHERE rate >= {factor} AND failed >= $1 \
    ON CONFLICT (website_id, factor) WHERE ended_at IS NULL DO NOTHING RETURNING id",
};
/// They end where the long time's rate is below the factor, so that a site which comes and goes is told
/// of once; and where nothing is aimed at any more.
const END: ByRule = ByRule {
    doing: "looking for error budgets that are spent slowly again",
    sql: "UPDATE burns SET ended_at = now() FROM websites WHERE websites.id = website_id AND ended_at IS NULL \
    AND factor = {factor} \
    AND NOT CASE WHEN jsonb_typeof(target -> 'slo') = 'number' AND (target -> 'slo')::double precision > 0 \
        AND (target -> 'slo')::double precision < 100 THEN EXISTS ( \
            SELECT FROM burn_rate(website_id, (target -> 'slo')::double precision, {long}, {now}) \
            WHERE rate >= {factor}) ELSE false END \
    RETURNING burns.id",
};
const READ: Statement = Statement::new(
    "reading burns",
    "SELECT jsonb_build_object('id', burns.id, 'website_id', website_id, 'factor', factor, \
        'started_at', started_at, 'ended_at', ended_at, 'url', url, 'name', target ->> 'name', \
        'group', target ->> 'group', 'whole_group', burns.website_group, \
        'slo', coalesce(to_jsonb(group_slos.slo), target -> 'slo'))::text \
    FROM burns LEFT JOIN websites ON websites.id = website_id LEFT JOIN group_slos USING (website_group) \
    WHERE burns.id = ANY ($1) ORDER BY burns.id",
);

/// Looks every minute, until `stop`.
pub(crate) async fn watch_budgets(
    database: Database,
    slos: Vec<GroupSlo>,
    names: Names,
    stop: CancellationToken,
) {
    let mut is_aimed = false;
    loop {
        let look = async {
            if !is_aimed {
                let aim = async |client: &mut _| groups::aim(client, &slos).await;
                database.attempt(aim).await?;
            }
            round(&database, &names).await
        };
        match stop.run_until_cancelled(look).await {
            None => return,
            Some(Ok(())) => is_aimed = true,
            Some(Err(error)) => warn!(
                "Looking at error budgets again in a minute: {}",
                database.explain(&error)
            ),
        }
        if !pause(ROUND_INTERVAL, &stop).await {
            return;
        }
    }
}

pub(super) async fn round(database: &Database, names: &Names) -> Result<(), DatabaseError> {
    let changed = database.attempt(async |client| {
        let transaction = begin(client).await?;
        let Some(Changes { began, ended }) = look(&transaction).await? else {
            return Ok(Vec::new());
        };
        let mut changed = read(&transaction, &ended).await?;
        // What is over before anybody was told, as within a maintenance window, is told nobody.
        tell_ends(&transaction, &notices(&changed), "burn", Untold::Withhold).await?;
        let new = read(&transaction, &began).await?;
        tell(&transaction, &notices(&new), names).await?;
        changed.extend(new);
        commit(transaction, "committing burns").await?;
        Ok(changed)
    });
    for burn in changed.await? {
        info!("{}: {}", name(&burn), what(&burn));
    }
    Ok(())
}

/// Burns that begin and that are over, by their ids.
struct Changes {
    began: Vec<i64>,
    ended: Vec<i64>,
}

/// Looks, unless somebody else does just now.
async fn look(transaction: &Transaction<'_>) -> Result<Option<Changes>, DatabaseError> {
    let lock = LOCK.query_one(transaction, &[&LOCK_KEY]).await?;
    if !lock.get::<_, bool>(0) {
        return Ok(None);
    }
    let now: SystemTime = lock.get(1);
    let mut ended = END.ask(transaction, now, &[]).await?;
    ended.extend(groups::end(transaction, now).await?);
    let mut began = BEGIN.ask(transaction, now, &[&FAILED_MIN]).await?;
    began.extend(groups::begin(transaction, now, FAILED_MIN).await?);
    Ok(Some(Changes { began, ended }))
}

async fn read(transaction: &Transaction<'_>, ids: &[i64]) -> Result<Vec<Value>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = READ.query(transaction, &[&ids]).await?;
    let burns = rows.iter().map(|row| serde_json::from_str(row.get(0)));
    Ok(burns.filter_map(Result::ok).collect())
}

fn notices(burns: &[Value]) -> Vec<Notice> {
    let notices = burns.iter().map(|burn| Notice {
        subject: subject(burn),
        website_id: burn["website_id"].as_i64(),
        content: content(burn),
    });
    notices.collect()
}

fn subject(burn: &Value) -> String {
    format!("burn {}", burn["id"])
}

fn is_over(burn: &Value) -> bool {
    !burn["ended_at"].is_null()
}

fn site_url(burn: &Value) -> String {
    Masked(burn["url"].as_str().unwrap_or_default()).to_string()
}

fn name(burn: &Value) -> String {
    if let Some(group) = burn["whole_group"].as_str() {
        return format!("the group {group}");
    }
    let name = burn["name"].as_str().map(str::to_owned);
    name.unwrap_or_else(|| site_url(burn))
}

fn what(burn: &Value) -> String {
    let (factor, slo) = (&burn["factor"], &burn["slo"]);
    if is_over(burn) {
        format!("spends its error budget slowly again (slo {slo} %)")
    } else {
        format!("spends its error budget over {factor} times as fast as its slo of {slo} % allows")
    }
}

/// All that the alert says.
fn content(burn: &Value) -> Value {
    let mut content = json!({
        "kind": if is_over(burn) { "burn_over" } else { "burn" },
        "key": subject(burn),
        "what": what(burn),
        "is_over": is_over(burn),
        "since": burn["started_at"],
        "until": burn["ended_at"],
    });
    if burn["whole_group"].is_string() {
        content["what"] = json!(format!("{} {}", name(burn), what(burn)));
    } else {
        content["sites"] = json!([{
            "name": name(burn),
            "url": site_url(burn),
            "group": burn["group"],
            "since": burn["started_at"],
            "until": burn["ended_at"],
        }]);
    }
    content
}
