//! Targets by what their rows say, so that reading a file again is cheap: a pattern that did not
//! change is not compiled again, and a target that did not change is recognised at a glance.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
};

use service::settings::Variables;

use super::{check, row::Row, target::Target, text::trim_unseen};

/// What a row says, as a number.
type Fingerprint = u64;

/// The targets that a file's rows made.
#[derive(Debug, Default)]
pub(super) struct Known {
    hasher: RandomState,
    /// What rows may name.
    variables: Variables,
    targets: HashMap<Fingerprint, Arc<Target>>,
}

impl Known {
    /// An empty one, for the file's first reading.
    pub(super) fn new(variables: Variables) -> Self {
        Self {
            variables,
            ..Self::default()
        }
    }

    /// An empty one, for the file's next reading.
    pub(super) fn successor(&self) -> Self {
        Self {
            hasher: self.hasher.clone(),
            variables: self.variables.clone(),
            targets: HashMap::with_capacity(self.targets.len()),
        }
    }

    /// The target that a row makes: the same as before where it says the same.
    pub(super) fn understand(&mut self, row: Row, before: &Self) -> Result<Arc<Target>, String> {
        let fingerprint = self.fingerprint(&row);
        let target = match before.find(fingerprint, &row) {
            Some(target) => target,
            None => Arc::new(check::check(row, &self.variables)?),
        };
        self.targets.insert(fingerprint, Arc::clone(&target));
        Ok(target)
    }

    /// Two rows with one number are two in 2^64, and the url is compared beside it.
    fn find(&self, fingerprint: Fingerprint, row: &Row) -> Option<Arc<Target>> {
        let target = self.targets.get(&fingerprint)?;
        (url(row) == Some(&target.url)).then(|| Arc::clone(target))
    }

    fn fingerprint(&self, row: &Row) -> Fingerprint {
        let mut hasher = self.hasher.build_hasher();
        for (field, value) in &row.values {
            field.name.hash(&mut hasher);
            value.hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// A row's url, as its target has it.
fn url(row: &Row) -> Option<&str> {
    let mut values = row.values.iter();
    let (_, url) = values.find(|(field, _)| field.is_url())?;
    url.as_str().map(trim_unseen)
}
