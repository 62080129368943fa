//! From windows and websites to spans of time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use messages::Maintenance;

/// A website, as far as windows ask for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    pub(super) id: i64,
    /// The window that its own target says.
    pub(super) own: Option<String>,
    pub(super) group: Option<String>,
    pub(super) tags: Vec<String>,
}

/// A window that a person added.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) whose: Whose,
    pub(super) when: When,
    pub(super) note: String,
}

/// Whose window it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Website(i64),
    Group(String),
    Tag(String),
    Everybody,
}

/// When it is.
#[derive(Clone, Debug)]
pub(super) enum When {
    Once(Timestamp, Timestamp),
    Again(Maintenance),
}

/// A span of time in which a website is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) website_id: i64,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// The spans with the note of each, and the windows of targets that cannot be read, with the reason:
/// an older monitor took any words.
pub(super) type Planned = (BTreeMap<Span, String>, BTreeMap<String, String>);

/// The spans that end after `since` and begin before `until`.
pub(super) fn planned(
    sites: &[Site],
    windows: &[Window],
    since: Timestamp,
    until: Timestamp,
) -> Planned {
    let (mut spans, mut unread) = (BTreeMap::new(), BTreeMap::new());
    let mut read: BTreeMap<&str, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for site in sites {
        let Some(text) = &site.own else { continue };
        let own = read.entry(text).or_insert_with(|| {
            Maintenance::parse(text).map_or_else(
                |problem| {
                    unread.insert(text.clone(), problem);
                    Vec::new()
                },
                |own| own.spans(since, until),
            )
        });
        let own = own.iter().map(|times| (site.span(*times), String::new()));
        spans.extend(own);
    }
    for window in windows {
        let times = window.when.spans(since, until);
        for site in sites.iter().filter(|site| window.whose.is(site)) {
            let own = times
                .iter()
                .map(|times| (site.span(*times), window.note.clone()));
            spans.extend(own);
        }
    }
    (spans, unread)
}

/// What has to change so that what is planned is what is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) added: BTreeMap<Span, String>,
    pub(super) removed: BTreeSet<Span>,
}

impl Changes {
    /// `there` are the spans that end after `now`. One that is under way and not planned any more
    /// ends now: until now it was.
    pub(super) fn between(
        there: &BTreeMap<Span, String>,
        planned: &BTreeMap<Span, String>,
        now: Timestamp,
    ) -> Self {
        let not_in = |spans: &BTreeMap<Span, String>, others: &BTreeMap<Span, String>| {
            let mut left = spans.clone();
            left.retain(|span, _| !others.contains_key(span));
            left
        };
        let removed = not_in(there, planned);
        let mut added = not_in(planned, there);
        let under_way = removed.iter().filter(|(span, _)| span.start < now);
        added.extend(under_way.map(|(span, note)| (Span { end: now, ..*span }, note.clone())));
        let removed = removed.into_keys().collect();
        Self { added, removed }
    }
}

impl Site {
    fn span(&self, (start, end): (Timestamp, Timestamp)) -> Span {
        Span {
            website_id: self.id,
            start,
            end,
        }
    }
}

impl Whose {
    fn is(&self, site: &Site) -> bool {
        match self {
            Self::Website(id) => *id == site.id,
            Self::Group(group) => site.group.as_ref() == Some(group),
            Self::Tag(tag) => site.tags.contains(tag),
            Self::Everybody => true,
        }
    }
}

impl When {
    fn spans(&self, since: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        match self {
            Self::Once(start, end) if *start < until && *end > since => vec![(*start, *end)],
            Self::Once(..) => Vec::new(),
            Self::Again(maintenance) => maintenance.spans(since, until),
        }
    }
}
