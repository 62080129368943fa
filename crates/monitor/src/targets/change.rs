//! How one list of targets becomes another.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::target::Target;

/// What becomes of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new, or another version of itself.
    Put(Arc<Target>),
    /// It is no longer in the list.
    Remove(Arc<Target>),
    /// It is ours from now on. Each of its checks that was due until this time has its result, or is told
    /// of by others.
    TakeOver(Arc<Target>, Timestamp),
    /// Another monitor has it from now on: it is in the list, and no more ours.
    HandOver(Arc<Target>),
}

/// All changes from one list to another.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) changes: Vec<Change>,
    pub(super) added: usize,
    pub(super) changed: usize,
    pub(super) removed: usize,
}

impl Difference {
    /// What is the same in both lists, and not only equal, did not change.
    pub(super) fn between(old: &[Arc<Target>], new: &[Arc<Target>]) -> Self {
        let mut difference = Self::default();
        let mut leave: HashMap<&str, &Arc<Target>> =
            old.iter().map(|target| (&*target.url, target)).collect();
        let mut put = Vec::new();
        for target in new {
            match leave.remove(&*target.url) {
                Some(before) if Arc::ptr_eq(before, target) => continue,
                Some(_) => difference.changed += 1,
                None => difference.added += 1,
            }
            put.push(Change::Put(Arc::clone(target)));
        }
        difference.removed = leave.len();
        let removed = old.iter().filter(|it| leave.contains_key(&*it.url));
        difference.changes = removed.map(|it| Change::Remove(Arc::clone(it))).collect();
        difference.changes.append(&mut put);
        difference
    }
}
