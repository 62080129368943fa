//! What a person wants to see of a probe beside its result: noted for `monitor check` alone.

use std::{
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderMap;
use messages::{FailureReason, HttpVersion, Phase};

use crate::masked::Masked;

/// The headers of a response that say something about how a site is served.
const HEADERS: [&str; 12] = [
    "server",
    "location",
    "content-type",
    "content-encoding",
    "content-length",
    "cache-control",
    "age",
    "via",
    "retry-after",
    "www-authenticate",
    "strict-transport-security",
    "content-security-policy",
];
/// Characters of a page that are shown before a match, and behind it.
const AROUND_CHARS_MAX: usize = 50;
/// Characters of a match that are shown.
const MATCH_CHARS_MAX: usize = 200;

/// Where the story of a probe is written.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Story>>);

/// How a probe went: that of the last attempt.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The urls that were asked for, in their order.
    pub hops: Vec<Hop>,
    /// Where in the page something was found, by the name of the setting that sought it.
    pub excerpts: Vec<(&'static str, Excerpt)>,
}

/// One url that was asked for.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Without credentials.
    pub url: String,
    /// The addresses, in the order in which they are tried.
    pub addresses: Vec<(SocketAddr, Fate)>,
    /// What was answered, where something was.
    pub answer: Option<(u16, HttpVersion)>,
    /// The headers that matter, in their own order.
    pub headers: Vec<(&'static str, String)>,
    /// What each phase took, of those that happened.
    pub times: Vec<(Phase, Duration)>,
}

/// What became of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Another was connected before its turn.
    NotTried,
    /// It was tried, and had not answered when another did, or the time was over.
    Silent,
    /// No connection was made, for this reason.
    Failed(FailureReason),
    /// It is the one that was asked.
    Taken,
}

/// A match in its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// What stands before it.
    pub before: String,
    /// The match, or its beginning.
    pub matched: String,
    /// What stands behind it.
    pub after: String,
}

impl Notes {
    pub(super) fn write(&self, what: impl FnOnce(&mut Story)) {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The story, as far as it is written.
    pub fn take(&self) -> Story {
        let mut story = Story::default();
        self.write(|written| story = mem::take(written));
        story
    }
}

impl Story {
    pub(super) fn begin_hop(&mut self, url: String) {
        self.hops.push(Hop {
            url,
            addresses: Vec::new(),
            answer: None,
            headers: Vec::new(),
            times: Vec::new(),
        });
    }

    /// The last hop is over; this is how long each phase of all of them took.
    pub(super) fn end_hop(&mut self, so_far: impl Fn(Phase) -> Option<Duration>) {
        let Some((last, before)) = self.hops.split_last_mut() else {
            return;
        };
        let spent = |phase| {
            let times = before.iter().flat_map(|hop| &hop.times);
            times
                .filter(move |(it, _)| *it == phase)
                .map(|(_, time)| *time)
        };
        let times = Phase::ALL.iter().filter_map(|phase| {
            let time = so_far(*phase)?.saturating_sub(spent(*phase).sum());
            // What did not happen in this hop took nothing.
            (!time.is_zero()).then_some((*phase, time))
        });
        last.times = times.collect();
    }

    /// These, some of which may be known already.
    pub(super) fn has_addresses(&mut self, addresses: &[SocketAddr]) {
        let Some(hop) = self.hops.last_mut() else {
            return;
        };
        for address in addresses {
            if hop.addresses.iter().all(|(known, _)| known != address) {
                hop.addresses.push((*address, Fate::NotTried));
            }
        }
    }

    pub(super) fn address_is(&mut self, address: SocketAddr, fate: Fate) {
        let addresses = self.hops.last_mut().map(|hop| &mut hop.addresses);
        let mut addresses = addresses.into_iter().flatten();
        if let Some((_, noted)) = addresses.find(|(it, _)| *it == address) {
            *noted = fate;
        }
    }

    pub(super) fn is_answered(&mut self, status: u16, version: HttpVersion, headers: &HeaderMap) {
        let Some(hop) = self.hops.last_mut() else {
            return;
        };
        hop.answer = Some((status, version));
        let values = HEADERS.iter().flat_map(|name| {
            let values = headers.get_all(*name).into_iter();
            // A Location may hold credentials.
            values.map(|value| {
                (
                    *name,
                    Masked(&String::from_utf8_lossy(value.as_bytes())).to_string(),
                )
            })
        });
        hop.headers = values.collect();
    }

    /// Something was found in a page.
    pub(super) fn is_found(&mut self, by: &'static str, matched: &str, page: &str) {
        // With a pattern that looks around, an equal text before it may be shown.
        if let Some(excerpt) = Excerpt::of(matched, page) {
            self.excerpts.push((by, excerpt));
        }
    }
}

impl Excerpt {
    fn of(matched: &str, page: &str) -> Option<Self> {
        let (before, after) = page.split_once(matched)?;
        let skipped = before.chars().count().saturating_sub(AROUND_CHARS_MAX);
        let dots = |is_cut| if is_cut { "..." } else { "" };
        let cut = |text: &str, chars_max| {
            let mut chars = text.chars();
            let begin: String = chars.by_ref().take(chars_max).collect();
            begin + dots(chars.next().is_some())
        };
        let before: String = before.chars().skip(skipped).collect();
        Some(Self {
            before: dots(skipped > 0).to_owned() + &before,
            matched: cut(matched, MATCH_CHARS_MAX),
            after: cut(after, AROUND_CHARS_MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_is_shown_with_what_stands_around_it() {
        let page = format!("{}<p>All is well.</p>{}", "é".repeat(60), "x".repeat(60));
        let excerpt = Excerpt::of("is well", &page).unwrap();
        assert_eq!(excerpt.before, format!("...{}<p>All ", "é".repeat(43)));
        assert_eq!(excerpt.matched, "is well");
        assert_eq!(excerpt.after, format!(".</p>{}...", "x".repeat(45)));
        let whole = Excerpt::of("a", "a").unwrap();
        assert_eq!((&*whole.before, &*whole.after), ("", ""));
    }
}
