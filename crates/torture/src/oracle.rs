//! What Kafka acknowledged, against what is stored, value by value.

mod account;
mod expected;
mod findings;
mod incidents;
mod letters;
mod recount;
mod rollups;
mod rows;
mod told;
mod websites;

use anyhow::Result;

use crate::{
    publisher::Acknowledged,
    stream::Stream,
    world::{History, Topic, World},
};

use self::expected::Expected;

pub(crate) use self::{findings::Findings, rollups::COUNT_AT_ONCE};

/// Compares everything.
pub(crate) async fn compare(
    world: &World,
    stream: Stream,
    acknowledged: Vec<Acknowledged>,
) -> Result<Findings> {
    let (history, topic): (&History, &Topic) = (&world.history, &world.topic);
    let mut findings = Findings::default();
    for wrong in &history.wrongs {
        findings.add("a consumer's behaviour", wrong);
    }
    let mut expected = Expected::of(stream, &topic.name, acknowledged, history);
    let client = world.database.superuser().await?;
    // Before the others take away which record each row is made of.
    incidents::compare(&client, &expected, &mut findings).await?;
    told::compare(&client, &expected, &world.receivers.taken(), &mut findings).await?;
    letters::compare(&client, &mut expected, &mut findings).await?;
    rows::compare(&client, &mut expected, &mut findings).await?;
    websites::compare(&client, &expected, &mut findings).await?;
    rollups::compare(&client, &mut findings).await?;
    let ends = topic.ends().await?;
    let sums = account::Sums {
        ends: &ends,
        redriven: history.redriven,
    };
    account::compare(&client, &expected, &sums, &mut findings).await?;
    account::verify(world, &mut findings)?;
    Ok(findings)
}
