//! Dead letters tried again, each exactly once: its row and the letter's removal are one transaction.

use std::{
    fmt::{self, Display, Formatter},
    io::{self, Write},
};

use anyhow::anyhow;
use database::{Action, Database, DatabaseError};
use jiff::Timestamp;
use service::health::Health;
use tokio_util::sync::CancellationToken;

use super::letter::{Letter, LetterFilter, Letters};
use crate::{
    batch::{Batch, RawRecord},
    decode::Decoder,
    schemas::Schemas,
    settings::RedriveSettings,
    store::{BatchWriter, Chunk, Counts, Item, OffsetKey, Refusal},
};

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redriven {
    /// It is a row now.
    Stored,
    /// Its check was said to be missed, and that row gave way to it.
    Replaced,
    /// Its check had its row, and the letter is gone.
    Repeat,
    /// It would be tried: it can be read.
    Readable,
    /// It cannot become a row, and stays.
    Refused(Refusal),
    /// Somebody else removed it meanwhile.
    Gone,
}

/// Tries letters again, and prints what became of each. Without any change where `dry_run`.
pub async fn redrive(
    settings: RedriveSettings,
    filter: LetterFilter,
    dry_run: bool,
) -> anyhow::Result<()> {
    let database = Database::new(&settings.database)?;
    let explain = |error| anyhow!("{}", database.explain(&error));
    let writer = writer(&database).with_rules(settings.rules);
    let mut letters = Letters::new(&database, &filter).await.map_err(explain)?;
    // What is wrong with the registry is said in the log alone: nobody asks this for its health.
    let schemas = Schemas::new(settings.registry.as_ref(), &Health::default())?;
    let (mut tried, mut stay) = (0_u64, 0_u64);
    loop {
        let page = letters.next().await.map_err(explain)?;
        if page.is_empty() {
            break;
        }
        for letter in page {
            let became = one(&writer, &letter, &schemas, dry_run)
                .await
                .map_err(explain)?;
            tried += 1;
            stay += u64::from(matches!(became, Redriven::Refused(_)));
            let (id, place) = (letter.id, letter.place());
            writeln!(io::stdout().lock(), "{id}  {place}  {became}")?;
        }
    }
    writeln!(io::stdout().lock(), "tried: {tried}; not a row: {stay}")?;
    Ok(())
}

/// A writer that moves no stored offset: the account says what a record became when it was read.
pub(super) fn writer(database: &Database) -> BatchWriter {
    let nobody = OffsetKey {
        group: String::new(),
        topic: String::new(),
    };
    BatchWriter::new(database.clone(), nobody)
}

/// Tries a letter again.
pub(super) async fn one(
    writer: &BatchWriter,
    letter: &Letter,
    schemas: &Schemas,
    dry_run: bool,
) -> Result<Redriven, DatabaseError> {
    let mut batch = Batch::default();
    let raw = RawRecord {
        offset: letter.offset,
        timestamp_ms: letter.timestamp.map(Timestamp::as_millisecond),
        key: letter.key.as_deref(),
        value: letter.value.as_deref(),
    };
    batch.push(raw);
    // A registry that is away is waited for: whoever is tired of it stops the command.
    let known = schemas.of(&batch, &CancellationToken::new()).await;
    let decoder = Decoder {
        topic: &letter.topic,
        partition: letter.partition,
        now: Timestamp::now(),
        // Whoever tries it again wants it, if only until its day is dropped.
        kept_since: None,
        schemas: &known.unwrap_or_default(),
    };
    let record = match decoder.decode(&raw) {
        Ok(_) if dry_run => return Ok(Redriven::Readable),
        Ok(record) => record,
        Err(refusal) => return Ok(Redriven::Refused(refusal)),
    };
    let chunk = Chunk {
        partition: letter.partition,
        from: letter.offset,
        to: letter.offset + 1,
        items: vec![Item {
            index: 0,
            offset: letter.offset,
            content: Ok(record),
        }],
        batch: &batch,
    };
    match writer.redrive(letter.id, &chunk).await {
        Ok(Some(counts)) => Ok(Redriven::of(counts)),
        Ok(None) => Ok(Redriven::Gone),
        Err(error) if error.action() == Action::Isolate => {
            let story = writer.database().explain(&error);
            Ok(Redriven::Refused(Refusal::new(
                "refused_by_postgresql",
                &story,
            )))
        }
        Err(error) => Err(error),
    }
}

impl Redriven {
    fn of(counts: Counts) -> Self {
        match counts {
            Counts { rows: 1.., .. } => Self::Stored,
            Counts { replaced: 1.., .. } => Self::Replaced,
            _ => Self::Repeat,
        }
    }
}

impl Display for Redriven {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => write!(out, "stored"),
            Self::Replaced => write!(out, "stored in place of a missed one"),
            Self::Repeat => write!(out, "its check has its row already; the letter is removed"),
            Self::Readable => write!(out, "would be tried"),
            Self::Refused(refusal) => {
                let error = refusal.error.replace(char::is_control, " ");
                write!(out, "stays: {}: {error}", refusal.reason)
            }
            Self::Gone => write!(out, "was removed meanwhile"),
        }
    }
}
