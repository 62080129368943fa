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
        let content = decoder.decode(&raw);
        // A record that cannot become a row needs no day's table.
        let readable = content.as_ref().ok();
        let day = readable.map(|it| it.scheduled_at.as_second().div_euclid(DAY_SECONDS));
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
            chunk.items.push(Item {
                index,
                offset: raw.offset,
                content,
            });
        }
    }
    chunks
}
