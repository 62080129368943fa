//! A run, from the start of the servers to the verdict.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use crate::{
    faults::{ALL, Fault, Scene},
    oracle::{COUNT_AT_ONCE, Findings, compare},
    plan::Plan,
    publisher::{Acknowledged, Publisher},
    stream::{COMPLETE_RECORDS, Stream},
    world::World,
};

/// Between portions of records, while a fault is under way.
const PORTION_PAUSE: Duration = Duration::from_millis(40);
/// How long after each fault to wait for a step forward.
const PROGRESS_WAIT: Duration = Duration::from_secs(20);
/// No step forward for so long, with everything healed, is to be stuck.
const STUCK: Duration = Duration::from_mins(2);

/// What a run came to.
#[derive(Debug)]
pub struct Verdict {
    plan: Plan,
    took: Duration,
    acknowledged: usize,
    kinds: usize,
    findings: Findings,
}

impl Verdict {
    /// Whether each record is stored exactly once, and everything that counts says so.
    pub fn is_well(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Display for Verdict {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Plan { seed, faults, .. } = &self.plan;
        let (records, kinds, seconds) = (self.acknowledged, self.kinds, self.took.as_secs());
        writeln!(
            out,
            "seed {seed}: {records} records acknowledged, {faults} faults of {kinds} kinds, {seconds} s"
        )?;
        write!(out, "{}", self.findings)?;
        let verdict = if self.is_well() {
            "EXACTLY ONCE"
        } else {
            "NOT EXACTLY ONCE"
        };
        write!(out, "verdict: {verdict}")
    }
}

/// Does what the plan says, and tells it line by line.
pub async fn run(mut plan: Plan, tell: impl Fn(&str)) -> Result<Verdict> {
    let began = Instant::now();
    // Each website that has to be complete, is.
    plan.records = plan.records.next_multiple_of(COMPLETE_RECORDS);
    let temporary = tempfile::tempdir().context("making a folder for logs")?;
    let folder = plan
        .logs
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&folder)?;
    let tell = |what: &str| tell(&format!("{:8.3} s  {what}", began.elapsed().as_secs_f64()));
    tell(&format!(
        "seed {}: {} records, {} faults",
        plan.seed, plan.records, plan.faults
    ));
    let mut world = World::start(&plan, &folder).await?;
    let stream = Stream {
        seed: plan.seed,
        records: plan.records,
    };
    let publisher = Publisher::new(stream, &world.topic.name, &world.topic.bootstrap)?;
    let deck = deck(&plan)?;
    hurt(&plan, &mut world, &publisher, &deck, &tell).await?;
    tell("everything is healed; waiting until everything is stored");
    publisher.flush().await?;
    let acknowledged = publisher.acknowledged()?;
    let count = acknowledged.len();
    ensure!(
        count as u64 >= plan.records,
        "only {count} records were acknowledged"
    );
    let findings = judge(&mut world, stream, acknowledged, &tell).await?;
    let kinds = deck
        .iter()
        .map(|fault| fault.name)
        .collect::<std::collections::BTreeSet<_>>();
    Ok(Verdict {
        took: began.elapsed(),
        acknowledged: count,
        kinds: kinds.len(),
        findings,
        plan,
    })
}

/// Waits until everything is stored and told, ends the consumers, and compares.
async fn judge(
    world: &mut World,
    stream: Stream,
    acknowledged: Vec<Acknowledged>,
    tell: &impl Fn(&str),
) -> Result<Findings> {
    let mut findings = Findings::default();
    if let Err(stuck) = world.settle(STUCK).await {
        tell(&format!("{stuck:#}"));
        findings.add("progress", format!("{stuck:#}"));
        return Ok(findings);
    }
    tell("waiting until everything is told");
    if let Err(stuck) = world.tell(STUCK).await {
        world.history.wrongs.push(format!("{stuck:#}"));
    }
    for consumer in &mut world.consumers {
        if let Err(wrong) = consumer.terminate().await {
            world.history.wrongs.push(format!("{wrong:#}"));
        }
    }
    tell("comparing");
    compare(world, stream, acknowledged).await
}

/// The faults, in their order: all kinds once, then all kinds again.
fn deck(plan: &Plan) -> Result<Vec<Fault>> {
    let mut random = Rng::with_seed(plan.seed);
    let kinds: Vec<Fault> = ALL
        .iter()
        .filter(|fault| fault.name.contains(&plan.only))
        .copied()
        .collect();
    ensure!(!kinds.is_empty(), "no fault is called {:?}", plan.only);
    let mut deck = Vec::new();
    while deck.len() < plan.faults {
        let mut round = kinds.clone();
        random.shuffle(&mut round);
        deck.extend(round);
    }
    deck.truncate(plan.faults);
    Ok(deck)
}

/// One fault after the other, while records flow.
async fn hurt(
    plan: &Plan,
    world: &mut World,
    publisher: &Publisher,
    deck: &[Fault],
    tell: &impl Fn(&str),
) -> Result<()> {
    let mut random = Rng::with_seed(plan.seed ^ 1);
    let pause = if plan.is_burst {
        Duration::ZERO
    } else {
        PORTION_PAUSE
    };
    let parts = deck.len() as u64 + 1;
    let part = |place: u64| plan.records * place / parts;
    publisher.send(0..part(1), Duration::ZERO).await?;
    world.progress(0, PROGRESS_WAIT).await?;
    world.database.execute(COUNT_AT_ONCE).await?;
    for (fault, place) in deck.iter().zip(1..) {
        tell(&format!("fault {place} of {}: {}", deck.len(), fault.name));
        let before = world
            .database
            .stored()
            .await
            .unwrap_or_default()
            .values()
            .sum();
        let sent = part(place);
        let mut scene = Scene {
            world,
            random: &mut random,
            publisher,
            sent,
        };
        let (fed, inflicted) = tokio::join!(
            publisher.send(sent..part(place + 1), pause),
            (fault.inflict)(&mut scene),
        );
        fed?;
        inflicted.with_context(|| format!("inflicting: {}", fault.name))?;
        world.progress(before, PROGRESS_WAIT).await?;
        world.look_after_consumers()?;
    }
    Ok(())
}
