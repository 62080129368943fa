//! Targets at which nobody can look, whatever they are: known from the file on, so it is said there.

use std::sync::Arc;

use super::target::Target;
use crate::probe::tls::refused_name;

/// Of these, so many are named.
const NAMED_MAX: usize = 3;

/// A sentence for the file's writer. The rows are used all the same: their checks are `missed`, and say
/// why, so that nobody takes silence for being up.
pub(super) fn warning(targets: &[Arc<Target>]) -> Option<String> {
    let names = targets.iter().filter_map(|it| refused_name(&it.address));
    let names: Vec<_> = names.collect();
    let count = names.len();
    let sites = match count {
        0 => return None,
        1 => "site is",
        _ => "sites are",
    };
    let mut shown = names[..count.min(NAMED_MAX)].join(", ");
    if count > NAMED_MAX {
        shown += ", …";
    }
    Some(format!(
        "{count} https {sites} always missed: this monitor's TLS library takes no name with a label that \
         begins or ends with a hyphen, or with a sign that no host may have ({shown})"
    ))
}
