//! What all pages have in common.

use std::sync::Arc;

use crate::account::Account;

/// What stands on top of all pages, and below them.
#[derive(Debug)]
pub(crate) struct Masthead<'a> {
    pub(crate) title: &'a str,
    /// Websites are told by their names alone.
    pub(crate) names_only: bool,
    /// Whether all checks of a day are accounted for, as far as it is known.
    pub(crate) account: Option<Arc<Account>>,
    /// What is shown was known a moment ago: the database is too slow to say how things are now.
    pub(crate) is_behind: bool,
}
