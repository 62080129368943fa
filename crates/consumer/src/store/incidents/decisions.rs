//! What a batch's results make of what is remembered of their websites: nothing is written here.

use std::collections::BTreeSet;

use database::DatabaseError;
use messages::Record;

use super::{
    standing::{Incident, Memory, Standing, Standings, noted_until},
    told::Happened,
    turns::{Closing, New},
};
use crate::{
    incidents::{Effect, Location, Rules, Turn, Verdict},
    store::row::{Fate, Stored},
};

/// A result that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counting<'a> {
    pub(super) website_id: i64,
    pub(super) verdict: Verdict<'a>,
    pub(super) by: &'a Record,
}

/// What results came to.
#[derive(Debug, Default)]
pub(super) struct Decisions<'a> {
    /// Incidents that begin.
    pub(super) new: Vec<New<'a>>,
    /// Incidents that were open and end, by their ids.
    pub(super) closing: Vec<(i64, Closing<'a>)>,
    /// All of that, in order.
    pub(super) happened: Vec<Happened<'a>>,
    /// The states that are to be written.
    changed: BTreeSet<(i64, &'a str)>,
}

/// The results that count, website by website in the order in which their checks were due: so what a
/// transaction decides can be told from its rows alone.
pub(super) fn in_order<'s, 'a: 's>(
    stored: impl Iterator<Item = &'s Stored<'a>>,
    rules: &Rules,
) -> Vec<Counting<'a>> {
    let newly = stored.filter(|it| it.fate != Fate::Repeat);
    let counting = newly.filter_map(|it| {
        Some(Counting {
            website_id: it.row.website_id,
            verdict: Verdict::of(it.row.record, rules)?,
            by: it.row.record,
        })
    });
    let mut counting: Vec<_> = counting.collect();
    counting.sort_by_key(|it| {
        let verdict = &it.verdict;
        (it.website_id, verdict.due, verdict.location, it.by.check_id)
    });
    counting
}

impl<'a> Decisions<'a> {
    /// Takes a result in.
    pub(super) fn take(
        &mut self,
        standings: &mut Standings,
        result: &Counting<'a>,
    ) -> Result<(), DatabaseError> {
        let Some(Memory::Known(standing)) = standings.websites.get_mut(&result.website_id) else {
            return Err(DatabaseError::Stale("how a website stands was not read"));
        };
        let verdict = &result.verdict;
        let (effect, turn) = standing.website.see(verdict);
        let is_noted = || {
            let until = standing.noted_until.get(verdict.location);
            until.is_some_and(|&until| verdict.due <= until)
        };
        if effect == Effect::Changed || effect == Effect::Confirmed && !is_noted() {
            self.changed.insert((result.website_id, verdict.location));
        }
        if let Some(turn) = turn {
            self.turn(standing, turn, result);
        }
        Ok(())
    }

    fn turn(&mut self, standing: &mut Standing, turn: Turn, result: &Counting<'a>) {
        let by = result.by;
        match turn {
            Turn::Down(opened) => {
                standing.incident = Some(Incident::New(self.new.len()));
                self.new.push(New {
                    website_id: result.website_id,
                    opened,
                    by,
                    closing: None,
                });
            }
            Turn::Up(closed) => {
                let closing = Closing { closed, by };
                match standing.incident.take() {
                    Some(Incident::Stored(id)) => self.closing.push((id, closing)),
                    Some(Incident::New(place)) => self.new[place].closing = Some(closing),
                    // A website that is down has an incident: they are read and noted together.
                    None => {}
                }
            }
        }
        self.happened.push(Happened { turn, by });
    }

    /// The states that are to be written, in the order of their key.
    pub(super) fn written<'s>(
        &'s self,
        standings: &'s Standings,
    ) -> Vec<(i64, &'s str, &'s Location)> {
        let changed = self.changed.iter();
        let written = changed.filter_map(|&(website_id, name)| {
            let Memory::Known(standing) = standings.websites.get(&website_id)? else {
                return None;
            };
            let location = standing.website.locations.get(name)?;
            Some((website_id, name, location))
        });
        written.collect()
    }

    /// The incidents that ended, where those that begin have these ids.
    pub(super) fn ended(&self, ids: &[i64]) -> Vec<i64> {
        let closed = self.closing.iter().map(|it| it.0);
        let new = self.new.iter().zip(ids);
        let new = new.filter(|(new, _)| new.closing.is_some());
        closed.chain(new.map(|(_, id)| *id)).collect()
    }

    /// Notes what is stored: ids, and up to when states need no row.
    pub(super) fn note(&self, standings: &mut Standings, ids: &[i64]) {
        for (new, &id) in self.new.iter().zip(ids) {
            if let Some(Memory::Known(standing)) = standings.websites.get_mut(&new.website_id)
                && new.closing.is_none()
            {
                standing.incident = Some(Incident::Stored(id));
            }
        }
        for &(website_id, name) in &self.changed {
            let Some(Memory::Known(standing)) = standings.websites.get_mut(&website_id) else {
                continue;
            };
            let Some(location) = standing.website.locations.get(name) else {
                continue;
            };
            let until = noted_until(location.newest_at, location.interval);
            match standing.noted_until.get_mut(name) {
                Some(noted) => *noted = until,
                None => {
                    standing.noted_until.insert(name.into(), until);
                }
            }
        }
    }
}
