//! The file as a whole: where it lies, what its texts may name, and what is wrong with it.

use std::path::Path;

use super::{
    bounded,
    expand::{self, Variables},
};

/// What all tables of one file share.
pub(crate) struct Document<'a> {
    path: &'a Path,
    variables: Variables<'a>,
    /// A line each.
    pub(crate) problems: Vec<String>,
}

impl<'a> Document<'a> {
    /// The file there, whose texts may name these variables.
    pub(crate) fn new(path: &'a Path, variables: Variables<'a>) -> Self {
        Self {
            path,
            variables,
            problems: Vec::new(),
        }
    }

    /// Notes what is wrong on a line. Must not quote a secret.
    pub(super) fn problem(&mut self, line: usize, problem: impl std::fmt::Display) {
        let path = self.path.display();
        self.problems.push(format!("{path}:{line}: {problem}"));
    }

    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        expand::expand(text, self.variables)
    }

    /// What a file holds that a field names, relative to this one's folder.
    pub(super) fn read(&self, name: &str) -> Result<String, String> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        bounded::read(&folder.join(name))
    }
}
