//! Incidents, decided in the transaction that stores the results which decide them: so each is decided
//! exactly once, whoever is killed. A step of the writer, after rows.
//!
//! - `homes`: which partition's batches write a website's states.
//! - `standing`: what is remembered between them; a batch of sites that are well writes nothing.
//! - `states`: the tables `states` and `metrics`, where nothing is remembered.
//! - `decisions`: what a batch's results make of what is remembered.
//! - `turns`: the table `incidents`. `told`: log and numbers.

mod decisions;
mod homes;
pub(super) mod standing;
mod states;
pub(super) mod told;
mod turns;

use std::collections::BTreeSet;

use database::{DatabaseError, Statement};
use deadpool_postgres::{Object, Transaction};

use self::{
    decisions::{Counting, Decisions, in_order},
    standing::Memory,
    told::Happened,
};
pub(super) use self::{
    standing::{Memories, Standings},
    told::tell,
};
use super::{doubts, offsets::OffsetKey, outbox, work::Work};
use crate::incidents::{Rules, Verdict};

const VERSION: Statement = Statement::new(
    "reading the version of states",
    "SELECT states_version FROM offsets \
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3",
);

/// Recalls how the websites of each chunk stand, before their transaction. Those that are not remembered
/// get their home here, or turn out to have none.
pub(super) async fn recall(
    client: &Object,
    memories: &Memories,
    key: &OffsetKey,
    work: &Work<'_>,
    rules: &Rules,
) -> Result<Vec<Standings>, DatabaseError> {
    let mut all = Vec::with_capacity(work.chunks.len());
    for (number, chunk) in work.chunks.iter().enumerate() {
        let mut standings = match memories.take(chunk.partition, chunk.from) {
            Some(standings) => standings,
            // Before homes are looked up: whoever takes one away later raises the version.
            None => Standings::at(chunk.from, version(client, key, chunk.partition).await?),
        };
        let websites = counting(work, number, rules).into_iter();
        let unknown = websites.filter(|id| !standings.websites.contains_key(id));
        let unknown: Vec<i64> = unknown.collect();
        if !unknown.is_empty() {
            let claimed = homes::claim(client, key, chunk.partition, &unknown).await?;
            standings.learn(claimed);
        }
        all.push(standings);
    }
    Ok(all)
}

async fn version(client: &Object, key: &OffsetKey, partition: i32) -> Result<i64, DatabaseError> {
    let OffsetKey { group, topic } = key;
    let row = VERSION
        .query_opt(client, &[group, topic, &partition])
        .await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// Takes the part of those whose results these websites' are: for one record that comes another way
/// than its topic. To be done before anything is stored.
pub(super) async fn visit(
    transaction: &Transaction<'_>,
    work: &Work<'_>,
    rules: &Rules,
) -> Result<Standings, DatabaseError> {
    let websites: Vec<i64> = counting(work, 0, rules).into_iter().collect();
    homes::visit(transaction, &websites).await?;
    let mut standings = Standings::at(0, 0);
    let homeless = websites.into_iter().map(|it| (it, Memory::Homeless));
    standings.websites.extend(homeless);
    Ok(standings)
}

/// Decides what the results of each chunk come to, and stores that. A result that its check had already
/// decides nothing. Websites without a home may have results in several of the chunks: these are decided
/// together, in the order in which they were due, whichever chunk they came by; and locked together, in
/// the order of their ids, so that no two transactions wait for each other.
pub(super) async fn decide(
    transaction: &Transaction<'_>,
    work: &mut Work<'_>,
    rules: &Rules,
) -> Result<(), DatabaseError> {
    let mut all = std::mem::take(&mut work.standings);
    if all.len() != work.chunks.len() {
        return Err(DatabaseError::Stale("how websites stand was not recalled"));
    }
    doubts::note(transaction, &work.stored).await?;
    let mut homeless = Standings::at(0, 0);
    for (number, standings) in all.iter_mut().enumerate() {
        let stored = work.stored[work.places(number)].iter();
        let at_home = stored.filter(|it| !standings.is_homeless(it.row.website_id));
        let results = in_order(at_home, rules);
        let happened = decide_some(transaction, &results, standings, rules).await?;
        work.happened.extend(happened);
        homeless.learn(standings.homeless());
    }
    let stored = work.stored.iter();
    let without_home = stored.filter(|it| homeless.is_homeless(it.row.website_id));
    let results = in_order(without_home, rules);
    let happened = decide_some(transaction, &results, &mut homeless, rules).await?;
    work.happened.extend(happened);
    work.standings = all;
    Ok(())
}

/// Decides what these results come to, and hands back what happened.
async fn decide_some<'a>(
    transaction: &Transaction<'_>,
    results: &[Counting<'a>],
    standings: &mut Standings,
    rules: &Rules,
) -> Result<Vec<Happened<'a>>, DatabaseError> {
    let touched: BTreeSet<i64> = results.iter().map(|it| it.website_id).collect();
    let homeless = read(transaction, standings, &touched).await?;
    let mut decisions = Decisions::default();
    for result in results {
        decisions.take(standings, result)?;
    }
    turns::close(transaction, &decisions.closing).await?;
    let ids = turns::open(transaction, &decisions.new).await?;
    let told = decisions.new.iter().zip(&ids).flat_map(|(new, id)| {
        let receivers = rules.told_of(new.by.target.as_ref()).into_iter();
        receivers.map(|receiver| (receiver, *id))
    });
    outbox::tell_down(transaction, &told.collect::<Vec<_>>()).await?;
    outbox::tell_up(transaction, &decisions.ended(&ids)).await?;
    states::write(transaction, &decisions.written(standings)).await?;
    decisions.note(standings, &ids);
    for website in homeless {
        standings.websites.insert(website, Memory::Homeless);
    }
    Ok(decisions.happened)
}

/// The websites of which one chunk's records may say something, by their ids.
fn counting(work: &Work<'_>, chunk: usize, rules: &Rules) -> BTreeSet<i64> {
    let places = work.places(chunk);
    let counting = places.filter(|place| Verdict::of(work.records[*place], rules).is_some());
    counting
        .filter_map(|place| work.websites.id(place))
        .collect()
}

/// Reads how those stand of which that is not remembered, and hands back the ones that have no home:
/// of these it is forgotten again, and each result written.
async fn read(
    transaction: &Transaction<'_>,
    standings: &mut Standings,
    touched: &BTreeSet<i64>,
) -> Result<Vec<i64>, DatabaseError> {
    let mut homeless = Vec::new();
    let mut unread = Vec::new();
    for website in touched {
        match standings.websites.get(website) {
            Some(Memory::Known(_)) => {}
            Some(Memory::Unread) => unread.push(*website),
            Some(Memory::Homeless) => homeless.push(*website),
            None => return Err(DatabaseError::Stale("a website's home was not looked up")),
        }
    }
    if !homeless.is_empty() {
        homes::lock(transaction, &homeless).await?;
        unread.extend(&homeless);
    }
    if unread.is_empty() {
        return Ok(homeless);
    }
    let mut read = states::read(transaction, &unread).await?;
    for website in unread {
        let standing = read.remove(&website).unwrap_or_default();
        standings.websites.insert(website, Memory::Known(standing));
    }
    for website in &homeless {
        if let Some(Memory::Known(standing)) = standings.websites.get_mut(website) {
            standing.noted_until.clear();
        }
    }
    Ok(homeless)
}
