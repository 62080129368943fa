//! The file as a whole: where it lies, what its texts may name, and what is wrong with it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::expand::{self, Variables};

/// The largest file that a field may name.
const NAMED_BYTES_MAX: u64 = 1024 * 1024;

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
        let path = self.beside(name);
        let shown = path.display();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > NAMED_BYTES_MAX => {
                Err(format!("{shown} is larger than {NAMED_BYTES_MAX} bytes"))
            }
            Ok(_) => {
                fs::read_to_string(&path).map_err(|error| format!("cannot read {shown}: {error}"))
            }
            Err(error) => Err(format!("cannot read {shown}: {error}")),
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(name)
    }
}
