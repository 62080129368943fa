//! The list in force, and reading the next one. Everything here may take its time: it runs off the
//! tasks.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use service::command_line::BadInput;
use tokio::time::Instant;

use super::{
    super::{
        change::Difference,
        file::{self, Stamp},
        known::Known,
        list::Targets,
        settings::TargetsSettings,
        target::Target,
    },
    watch::{self, Sight},
};

/// The list in force.
#[derive(Debug)]
pub(super) struct List {
    pub(super) settings: TargetsSettings,
    pub(super) usable: Vec<Arc<Target>>,
    /// When the file last held it.
    pub(super) read_at: Instant,
    known: Known,
    hasher: RandomState,
    /// Of the file's content.
    hash: u64,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Reading {
    /// What was read, as the file's path looked then.
    pub(super) sight: Sight,
    pub(super) outcome: Outcome,
}

/// What came of reading the file again.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Another list is in force.
    Taken {
        difference: Difference,
        /// What its rows gave reason to say; its usable and disabled targets are not in it.
        words: Targets,
    },
    /// The file says what it said before.
    Same,
    /// It is written at this moment.
    Torn,
    /// The list in force stays, for this reason.
    Refused(String),
}

impl List {
    /// Reads the file for the first time; returns the list, with what its rows give reason to say.
    pub(super) fn read(settings: &TargetsSettings) -> Result<(Self, Targets, Stamp), BadInput> {
        let content = file::read(&settings.file)?;
        let hasher = RandomState::new();
        let mut list = Self {
            settings: settings.clone(),
            usable: Vec::new(),
            read_at: Instant::now(),
            known: Known::new(settings.variables.clone()),
            hash: hasher.hash_one(&content.bytes),
            hasher,
        };
        let targets = list.parse(&content.bytes)?;
        Ok((list, targets, content.stamp))
    }

    /// Reads the file again.
    pub(super) fn read_again(&mut self) -> Reading {
        let content = match file::read_again(&self.settings.file) {
            Ok(content) => content,
            Err(error) => {
                // Where the path shows a file that could not be read, this is not what it shows, and
                // it is tried again.
                let sight = watch::look(&self.settings.file);
                return Reading {
                    sight: sight.and(Err(std::io::ErrorKind::Other)),
                    outcome: Outcome::Refused(error.to_string()),
                };
            }
        };
        let outcome = if content.is_torn {
            Outcome::Torn
        } else {
            self.take(&content.bytes)
        };
        Reading {
            sight: Ok(content.stamp),
            outcome,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Outcome {
        let hash = self.hasher.hash_one(bytes);
        if hash == self.hash {
            self.read_at = Instant::now();
            return Outcome::Same;
        }
        let before = self.usable.clone();
        match self.parse(bytes) {
            Ok(words) => {
                self.hash = hash;
                self.read_at = Instant::now();
                let difference = Difference::between(&before, &self.usable);
                Outcome::Taken { difference, words }
            }
            Err(error) => Outcome::Refused(error.to_string()),
        }
    }

    /// Takes up what the content says, where that is anything; returns the words.
    fn parse(&mut self, bytes: &[u8]) -> Result<Targets, BadInput> {
        let path = &self.settings.file;
        let parsed = Targets::parse_again(bytes, self.settings.format, &self.known);
        let (mut targets, known) = parsed.map_err(|problem| file::bad_input(path, &problem))?;
        targets.require_usable(path)?;
        self.usable = std::mem::take(&mut targets.usable);
        targets.disabled.clear();
        self.known = known;
        Ok(targets)
    }
}
