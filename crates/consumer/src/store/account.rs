//! The account of chunks: the stored offsets move by it, and their hours are to be counted anew.

use database::DatabaseError;
use deadpool_postgres::Transaction;

use super::{dirty, offsets::Offsets, work::Work};

/// Moves the stored offset of each chunk from its beginning to its end, with the counts of what became
/// of its records, and marks the hours of these. Hands back the versions of the partitions' states, in
/// the chunks' order; `None`: a stored offset is not where its chunk begins.
pub(super) async fn enter(
    offsets: &Offsets,
    transaction: &Transaction<'_>,
    work: &Work<'_>,
) -> Result<Option<Vec<i64>>, DatabaseError> {
    let counts = work.counts();
    // Both are on their way at once: the server answers them in order.
    let (versions, marked) = tokio::join!(
        offsets.advance(transaction, work.chunks, &counts),
        dirty::mark(transaction, &work.stored)
    );
    match (versions, marked) {
        // Which is executed first is not known: the other fails by its failure.
        (Err(error), Err(cause)) if error.is_aftermath() => Err(cause),
        (versions, marked) => {
            let versions = versions?;
            marked.map(|()| versions)
        }
    }
}

/// Locks the stored offset of each chunk, and hands back the same; nothing moves yet.
pub(super) async fn lock(
    offsets: &Offsets,
    transaction: &Transaction<'_>,
    work: &Work<'_>,
) -> Result<Option<Vec<i64>>, DatabaseError> {
    let mut versions = Vec::with_capacity(work.chunks.len());
    for chunk in work.chunks {
        let locked = offsets.lock(transaction, chunk.partition).await?;
        let Some(ours) = locked.filter(|it| it.next_offset == chunk.from) else {
            return Ok(None);
        };
        versions.push(ours.states_version);
    }
    Ok(Some(versions))
}
