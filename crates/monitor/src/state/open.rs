//! Opening the state, whatever is found there. Only a folder that another monitor has is a reason not
//! to start: without state, a monitor still checks and publishes.

use std::{
    fmt, io,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use thiserror::Error;
use tracing::error;

use super::{
    error::StoreError,
    folder::{self, Unusable},
    settings::StateSettings,
    store::Store,
};

const STORE_FILE: &str = "state.redb";
/// Files of torn stores that are kept for a person to look at.
const TORN_MAX: usize = 5;

/// Why the state cannot be had.
#[derive(Debug, Error)]
pub(crate) enum Unopened {
    /// Another monitor has the folder.
    #[error(
        "another monitor runs on {} (STATE_DIR): give each a folder of its own",
        .0.display()
    )]
    Taken(PathBuf),
    /// The system, or what is found there, says no.
    #[error("{} (STATE_DIR) cannot be used: {cause}", .place.display())]
    Failed { place: PathBuf, cause: String },
}

/// Opens the state, and makes it where there is none.
pub(super) fn open(settings: &StateSettings) -> Result<Store, Unopened> {
    let folder = &settings.folder;
    let failed = |place: &Path, cause: &dyn fmt::Display| Unopened::Failed {
        place: place.to_owned(),
        cause: cause.to_string(),
    };
    let lock = folder::take(folder).map_err(|error| match error {
        Unusable::Taken => Unopened::Taken(folder.clone()),
        Unusable::Failed(error) => failed(folder, &error),
    })?;
    let file = folder.join(STORE_FILE);
    let begin = || {
        let lock = lock.try_clone().map_err(redb::Error::Io)?;
        begin(file.clone(), settings.spool_bytes_max, lock)
    };
    let opened = match begin() {
        Err(StoreError::Broken(cause)) => match set_aside(&file) {
            Ok(aside) => {
                error!(
                    "The state in {} is torn ({cause}): it is kept as {}, and a new one is begun. \
                     Results that were spooled there are not published",
                    file.display(),
                    aside.display()
                );
                begin()
            }
            Err(error) => Err(redb::Error::Io(error).into()),
        },
        opened => opened,
    };
    opened.map_err(|error| failed(&file, &error))
}

/// Opens or makes a store. One whose pages are sound and whose contents are not can break the library:
/// that is a torn one, too.
fn begin(file: PathBuf, spool_bytes_max: u64, lock: std::fs::File) -> Result<Store, StoreError> {
    let attempt = || {
        let store = Store::open(file, spool_bytes_max, lock)?;
        // Whether it can be read is found out now.
        store.known()?;
        Ok(store)
    };
    let broke = |_| {
        let story = "the library broke over it".to_owned();
        Err(StoreError::Broken(redb::Error::Corrupted(story)))
    };
    catch_unwind(std::panic::AssertUnwindSafe(attempt)).unwrap_or_else(broke)
}

fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let names = (1..=TORN_MAX).map(|number| file.with_extension(format!("torn-{number}")));
    for name in names {
        if !name.try_exists()? {
            std::fs::rename(file, &name)?;
            return Ok(name);
        }
    }
    Err(io::Error::other(format!(
        "it is torn, and {TORN_MAX} torn ones are kept already"
    )))
}

#[cfg(test)]
mod tests;
