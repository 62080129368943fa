//! Where state is kept, and as whose: so that it can be taken up again, also later than at the start.

use jiff::Timestamp;
use messages::CheckResult;

use super::{
    cover::Cover,
    open::{Unopened, open},
    resume::{Resume, Resumed, resume},
    settings::StateSettings,
};
use crate::clock::is_before_build;

/// What would be owed by a wrong clock is nothing, or decades.
const CLOCK_WRONG: &str =
    "as long as the clock is wrong, nobody knows what was due since the last monitor ran";

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
    /// The clock shows this. Whether it is right for the first time: then this monitor runs since now.
    pub(crate) fn follow_clock(&mut self, now: Timestamp) -> bool {
        let is_right_now = is_before_build(self.since) && !is_before_build(now);
        if is_right_now {
            self.since = now;
        }
        is_right_now
    }

    /// Takes up what is there, with these targets; `None` where their checks are accounted for elsewhere.
    /// Blocks.
    pub(crate) fn open(&self, covers: Option<Vec<Cover>>) -> Result<Resumed, Unopened> {
        let store = open(&self.settings)?;
        if is_before_build(self.since) {
            return Err(Unopened::Failed {
                place: self.settings.folder.clone(),
                cause: CLOCK_WRONG.into(),
            });
        }
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
