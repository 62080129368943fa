//! The results on disk, in the order in which they came.

use redb::{ReadableTable, StorageError, Table};

use super::{changes::Spooled, tables::SpoolRow};

pub(super) type SpoolTable<'a> = Table<'a, u64, SpoolRow>;

pub(super) fn append(spool: &mut SpoolTable<'_>, results: &[Spooled]) -> Result<(), StorageError> {
    let mut end = spool.last()?.map_or(0, |(_, row)| row.value().2);
    for result in results {
        let Spooled {
            serial,
            url,
            scheduled_at,
            record,
        } = result;
        end += (url.len() + record.len()) as u64;
        let row = (
            url.as_str(),
            scheduled_at.as_microsecond(),
            end,
            record.as_slice(),
        );
        spool.insert(serial, row)?;
    }
    Ok(())
}

/// The oldest give way until the others fit.
pub(super) fn give_way(
    spool: &mut SpoolTable<'_>,
    bytes_max: u64,
) -> Result<Vec<u64>, StorageError> {
    let mut gave_way = Vec::new();
    while size(spool)? > bytes_max {
        let Some((serial, _)) = spool.pop_first()? else {
            break;
        };
        gave_way.push(serial.value());
    }
    Ok(gave_way)
}

/// The bytes of all results. Where some in the middle are gone, theirs are counted still.
pub(super) fn size(spool: &SpoolTable<'_>) -> Result<u64, StorageError> {
    let (Some((_, first)), Some((_, last))) = (spool.first()?, spool.last()?) else {
        return Ok(0);
    };
    let (url, _, end, record) = first.value();
    let begin = end - (url.len() + record.len()) as u64;
    Ok(last.value().2 - begin)
}
