//! The account of a chunk: the stored offset moves by it, and its hours are to be counted anew.

use database::DatabaseError;
use deadpool_postgres::Transaction;

use super::{dirty, offsets::Offsets, work::Work};

/// Moves the stored offset from the chunk's beginning to its end, with the counts of what became
/// of its records, and marks the hours of these. Hands back the version of the partition's states;
/// `None`: the stored offset is not where the chunk begins.
pub(super) async fn enter(
    offsets: &Offsets,
    transaction: &Transaction<'_>,
    work: &Work<'_>,
) -> Result<Option<i64>, DatabaseError> {
    // Both are on their way at once: the server answers them in order.
    let (version, marked) = tokio::join!(
        offsets.advance(transaction, work.chunk, work.counts()),
        dirty::mark(transaction, &work.stored)
    );
    match (version, marked) {
        // Which is executed first is not known: the other fails by its failure.
        (Err(error), Err(cause)) if error.is_aftermath() => Err(cause),
        (version, marked) => {
            let version = version?;
            marked.map(|()| version)
        }
    }
}
