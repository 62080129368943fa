//! Cuts a batch into transactions: of so many records, and of so many days.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    batch::Delivery,
    decode::Decoder,
    store::{Chunk, Item},
};

/// Days in one transaction: each is a table, and a server has locks for some thousands.
const CHUNK_DAYS_MAX: usize = 16;
const DAY_SECONDS: i64 = 86_400;

/// The chunks of several batches, where all of them fit into one transaction.
pub(super) fn whole<'a>(
    batches: impl Iterator<Item = VecDeque<Chunk<'a>>>,
    rows: usize,
) -> Option<Vec<Chunk<'a>>> {
    let mut all = Vec::new();
    let mut days = BTreeSet::new();
    let mut items = 0;
    for mut chunks in batches {
        let chunk = chunks.pop_front()?;
        items += chunk.items.len();
        days.extend(chunk.items.iter().filter_map(day));
        if !chunks.is_empty() || items > rows || days.len() > CHUNK_DAYS_MAX {
            return None;
        }
        all.push(chunk);
    }
    Some(all)
}

/// The day whose table it needs: a record that cannot become a row needs none.
fn day(item: &Item) -> Option<i64> {
    let record = item.content.as_ref().ok()?;
    Some(record.scheduled_at.as_second().div_euclid(DAY_SECONDS))
}

/// Decodes a batch and cuts it into chunks of at most so many rows. Each goes on where the one
/// before it ends, the first where the batch does.
pub(super) fn cut<'a>(
    delivery: &'a Delivery,
    decoder: &Decoder<'_>,
    rows: usize,
) -> VecDeque<Chunk<'a>> {
    let mut chunks: VecDeque<Chunk<'a>> = VecDeque::new();
    let mut days = BTreeSet::new();
    for (index, raw) in delivery.batch.iter().enumerate() {
        let item = Item {
            index,
            offset: raw.offset,
            content: decoder.decode(&raw),
        };
        let day = day(&item);
        days.extend(day);
        let is_full = days.len() > CHUNK_DAYS_MAX
            || chunks.back().is_some_and(|chunk| chunk.items.len() >= rows);
        if chunks.is_empty() || is_full {
            days = day.into_iter().collect();
            chunks.push_back(Chunk {
                partition: delivery.partition,
                from: chunks.back().map_or(delivery.from, |before| before.to),
                to: raw.offset,
                items: Vec::new(),
                batch: &delivery.batch,
            });
        }
        if let Some(chunk) = chunks.back_mut() {
            chunk.to = raw.offset + 1;
            chunk.items.push(item);
        }
    }
    chunks
}
