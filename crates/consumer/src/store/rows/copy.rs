//! A chunk's rows by binary COPY, which is as fast as PostgreSQL takes rows, and takes no repeat: a
//! check that has its row fails the whole.

use std::{error::Error, sync::LazyLock};

use bytes::{BufMut, BytesMut};
use database::{DatabaseError, Statement};
use deadpool_postgres::Transaction;

use super::columns::{self, names};
use crate::store::{row::Row, work::Work};

/// What begins COPY's binary format: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What ends it: where the number of a row's columns would stand.
const TRAILER: i16 = -1;
/// Bytes of a row, roughly.
const ROW_BYTES: usize = 400;

static COPY: LazyLock<Statement> = LazyLock::new(|| {
    let sql = format!("COPY metrics ({}) FROM STDIN (FORMAT binary)", names());
    Statement::built("storing rows", sql).carrying_records()
});

/// Stores the rows of the chunk's checks, of which none may have its row already.
pub(crate) async fn copy(
    transaction: &Transaction<'_>,
    work: &Work<'_>,
) -> Result<(), DatabaseError> {
    copy_rows(transaction, work.rows()).await
}

/// Stores these rows, none of which may be there already.
pub(super) async fn copy_rows(
    transaction: &Transaction<'_>,
    mut rows: Vec<Row<'_>>,
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    // As the index has them: neighbours are cheaper to insert, and two who write the same checks
    // wait for each other in one order.
    rows.sort_by_key(|row| (row.website_id, row.record.scheduled_at));
    let encoded = encode(&rows)
        .map_err(|_| DatabaseError::Stale("a row is larger than PostgreSQL's format takes"))?;
    let stored = COPY.copy_in(transaction, encoded.freeze()).await?;
    if stored < rows.len() as u64 {
        return Err(DatabaseError::Swallowed("rows"));
    }
    Ok(())
}

/// The rows in COPY's binary format. The driver's own writer does the same with a call through a
/// table for each field, and in pieces of 4 kB.
fn encode(rows: &[Row<'_>]) -> Result<BytesMut, Box<dyn Error + Sync + Send>> {
    let mut bytes = BytesMut::with_capacity(HEADER.len() + rows.len() * ROW_BYTES);
    bytes.put_slice(HEADER);
    let fields = i16::try_from(columns::NAMES.len())?;
    for row in rows {
        bytes.put_i16(fields);
        columns::put_all(*row, &mut bytes)?;
    }
    bytes.put_i16(TRAILER);
    Ok(bytes)
}
