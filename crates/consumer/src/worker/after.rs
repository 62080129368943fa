//! How to go on after an attempt at a chunk.

use tracing::warn;

use super::sink::WriteError;
use crate::{
    batch::Settled,
    store::{Chunk, Refusal},
};

/// How to go on after an attempt at a chunk.
pub(super) enum AfterChunk<'a> {
    /// With the next one: it is stored.
    Done,
    /// With its parts: it was too much at once, or holds a record that PostgreSQL refuses.
    Smaller(Chunk<'a>, Option<Chunk<'a>>),
    /// With no chunk of the batch: what is left of it is not to be stored by us, or not now.
    Over(Settled),
}

/// Finds the record that PostgreSQL refuses, by halves; alone, it is condemned. A chunk without any
/// record to blame comes back as it was.
pub(super) fn isolate<'a>(
    mut chunk: Chunk<'a>,
    error: &WriteError,
) -> Result<AfterChunk<'a>, Chunk<'a>> {
    if chunk.items.len() > 1 {
        let (first, second) = chunk.split();
        return Ok(AfterChunk::Smaller(first, second));
    }
    let Some(item) = chunk.items.first_mut().filter(|item| item.content.is_ok()) else {
        return Err(chunk);
    };
    let story = &error.story;
    warn!(
        partition = chunk.partition,
        offset = item.offset,
        "PostgreSQL refuses a record, which goes to dead_letters: {story}"
    );
    item.content = Err(Refusal::new("refused_by_postgresql", story));
    Ok(AfterChunk::Smaller(chunk, None))
}
