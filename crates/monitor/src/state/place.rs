//! Where state is kept, and as whose: so that it can be taken up again, also later than at the start.

use jiff::Timestamp;
use messages::CheckResult;

use super::{
    cover::Cover,
    open::{Unopened, open},
    resume::{Resume, Resumed, resume},
    settings::StateSettings,
};

/// A place of one monitor's state.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) settings: StateSettings,
    /// Which monitor this is.
    pub(crate) location: String,
    /// Since when this one runs: what was due before and has no result, nobody looked at.
    pub(crate) since: Timestamp,
}

impl Place {
    /// Takes up what is there, with these targets. Blocks.
    pub(crate) fn open(&self, covers: Vec<Cover>) -> Result<Resumed, Unopened> {
        let store = open(&self.settings)?;
        let with = Resume {
            covers,
            location: &self.location,
            now: self.since,
            encode: &CheckResult::to_json,
        };
        resume(store, &self.settings, with).map_err(|error| Unopened::Failed {
            place: self.settings.folder.clone(),
            cause: error.to_string(),
        })
    }
}
