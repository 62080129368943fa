//! From a row to a target: everything that can be wrong with it.

use std::collections::HashSet;

use super::{
    draft::Draft,
    fields,
    row::{BadRow, Row},
    target::Target,
};

/// Makes a target of a row whose url has not been seen before.
pub(super) fn check(row: Row, seen: &mut HashSet<String>) -> Result<Target, BadRow> {
    let line = row.line;
    make(row, seen).map_err(|reason| BadRow::new(line, reason))
}

fn make(row: Row, seen: &mut HashSet<String>) -> Result<Target, String> {
    let mut draft = Draft::default();
    for (field, value) in row.values {
        let set = (field.set)(&mut draft, &value);
        set.map_err(|problem| format!("the {} {problem}", field.name))?;
    }
    let mut target = draft.finish()?;
    target.going_along = fields::going_along(&target);
    if !seen.insert(target.url.clone()) {
        return Err("the url stands here for the second time".into());
    }
    Ok(target)
}
