//! What a website's locations come to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    location::{Effect, Location},
    verdict::Verdict,
};

/// A website, as everybody who looks at it sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Website {
    /// By their names.
    pub(crate) locations: BTreeMap<Box<str>, Location>,
    /// Since when it is down as a whole, while it is.
    pub(crate) down_since: Option<Timestamp>,
}

/// What a result made of the website as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is down now.
    Down(Opened),
    /// It is up again.
    Up(Closed),
}

/// An incident begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// When the failed check was due from which on most of the locations heard failed.
    pub(crate) started_at: Timestamp,
    /// When the newest good check before that was due.
    pub(crate) last_good_at: Option<Timestamp>,
    /// How many locations see it down.
    pub(crate) locations_down: usize,
    /// Of how many that are heard.
    pub(crate) locations_heard: usize,
}

/// An incident ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// When the first good check was due, of those in a row that ended it.
    pub(crate) ended_at: Timestamp,
}

impl Website {
    /// Takes a result in. A failed one never ends an incident and a good one never begins one, though
    /// either may show that another location is not heard any more: what is told is what a check saw.
    pub(crate) fn see(&mut self, verdict: &Verdict<'_>) -> (Effect, Option<Turn>) {
        let effect = if let Some(location) = self.locations.get_mut(verdict.location) {
            location.see(verdict)
        } else {
            let location = Location::first(verdict);
            self.locations.insert(verdict.location.into(), location);
            Effect::Changed
        };
        if effect == Effect::None {
            return (effect, None);
        }
        let turn = match self.down_since {
            None if verdict.is_down => self.opened().map(Turn::Down),
            Some(since) if !verdict.is_down => self.closed(verdict, since).map(Turn::Up),
            _ => None,
        };
        match turn {
            Some(Turn::Down(opened)) => self.down_since = Some(opened.started_at),
            Some(Turn::Up(_)) => self.down_since = None,
            None => {}
        }
        (effect, turn)
    }

    /// The locations that still say something.
    fn heard(&self) -> impl Iterator<Item = &Location> + Clone {
        let newest = self.locations.values().map(|it| it.newest_at).max();
        let newest = newest.unwrap_or(Timestamp::MIN);
        let locations = self.locations.values();
        locations.filter(move |location| location.is_heard(newest))
    }

    /// What begins, where more than half of the locations heard see it down.
    fn opened(&self) -> Option<Opened> {
        let locations_heard = self.heard().count();
        let down = self.heard().filter(|location| location.is_down);
        let mut since: Vec<_> = down.clone().map(|location| location.since).collect();
        if !is_majority(since.len(), locations_heard) {
            return None;
        }
        since.sort_unstable();
        // That of the last one without whom it would have been no more than half.
        let started_at = since[locations_heard / 2];
        let good = down.filter_map(|location| location.last_good_at);
        Some(Opened {
            started_at,
            last_good_at: good.filter(|&at| at < started_at).max(),
            locations_down: since.len(),
            locations_heard,
        })
    }

    /// What ends, where no more than half of the locations heard still see it down.
    fn closed(&self, verdict: &Verdict<'_>, down_since: Timestamp) -> Option<Closed> {
        let down = self.heard().filter(|location| location.is_down).count();
        if is_majority(down, self.heard().count()) {
            return None;
        }
        let location = self.locations.get(verdict.location)?;
        // A location that was up all the time, and is heard again, ends it by this very check.
        let first_good = if location.since > down_since && !location.is_down {
            location.since
        } else {
            verdict.due
        };
        Some(Closed {
            started_at: down_since,
            ended_at: first_good.max(down_since),
        })
    }
}

/// More than half.
fn is_majority(some: usize, all: usize) -> bool {
    some * 2 > all
}
