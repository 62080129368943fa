//! From a row to a target: everything that can be wrong with it.

use std::{collections::HashSet, sync::Arc};

use service::settings::Variables;

use super::{draft::Draft, fields, row::Row, target::Target};

/// Makes a target of a row, which may name these variables.
pub(super) fn check(row: Row, variables: &Variables) -> Result<Target, String> {
    let mut draft = Draft {
        variables: variables.clone(),
        ..Draft::default()
    };
    for (field, value) in row.values {
        let set = (field.set)(&mut draft, &value);
        set.map_err(|problem| format!("the {} {problem}", field.name))?;
    }
    let mut target = draft.finish()?;
    target.going_along = fields::going_along(&target);
    Ok(target)
}

/// Passes a target whose url has not been seen before.
pub(super) fn once(target: Arc<Target>, seen: &mut HashSet<String>) -> Result<Arc<Target>, String> {
    if !seen.insert(target.url.clone()) {
        return Err("the url stands here for the second time".into());
    }
    Ok(target)
}
