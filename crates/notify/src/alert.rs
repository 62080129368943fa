//! What is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::words;

/// Websites that an alert names; of more it tells the number.
pub const SITES_MAX: usize = 50;

/// What is told at once. It is stored whole before it is first sent, and is the same at each try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// By which a receiver knows a repeat.
    pub id: Uuid,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
    /// How many websites it is about; the first of them stand in `sites`.
    pub sites_count: usize,
    /// All of it in one line.
    pub headline: String,
}

/// What happened, before it is known with what else it is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct News {
    /// The outbox's word: `down`, `up`, `reminder`, `certificate`, `silent`, `dead_letters`, `network`, …
    pub kind: String,
    /// What it is about: the alert that tells its end has the same. "incident 17".
    pub key: String,
    /// What is so, without who: "connect timed out". It stands behind the website's name, or behind the
    /// number of websites.
    pub what: String,
    /// It tells an end: what was wrong is well again.
    pub is_over: bool,
    /// The websites that it is about; nobody where it is about the monitor itself.
    pub sites: Vec<Site>,
    /// When it began.
    pub since: Option<Timestamp>,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// The record's word for why: `connect_timeout`.
    pub reason: Option<String>,
    /// The record's word for where in a check: `connect`.
    pub phase: Option<String>,
    /// The status, where the site answered with one.
    pub error_code: Option<i32>,
    /// The address that all of them have.
    pub address: Option<String>,
    /// What the reason means, in a sentence.
    pub meaning: Option<String>,
    /// What a person tries next, in a sentence.
    pub remedy: Option<String>,
    /// What the check itself said.
    pub detail: Option<String>,
    /// When the last good check was due before it.
    pub last_good_at: Option<Timestamp>,
    /// The page that shows it.
    pub link: Option<String>,
}

/// A website that an alert names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Site {
    /// What people call it: its own name, or its url.
    pub name: String,
    /// Its url, without credentials.
    pub url: String,
    /// The group that it stands in.
    pub group: Option<String>,
    /// The incident that is told of.
    pub incident: Option<i64>,
    /// When this website's own trouble began.
    pub since: Option<Timestamp>,
    /// When it ended.
    pub until: Option<Timestamp>,
}

impl Alert {
    /// The alert that tells this. Whoever gives it all websites may give any number.
    pub fn new(id: Uuid, mut news: News) -> Self {
        let sites_count = news.sites.len();
        news.sites.truncate(SITES_MAX);
        let headline = words::headline(&news, sites_count);
        Self {
            id,
            news,
            sites_count,
            headline,
        }
    }

    /// One that proves that a receiver can be reached.
    pub fn test(id: Uuid, now: Timestamp) -> Self {
        let site = Site {
            name: "example.org".to_owned(),
            url: "https://example.org/".to_owned(),
            group: Some("Test".to_owned()),
            incident: None,
            since: Some(now),
            until: None,
        };
        let news = News {
            kind: "test".to_owned(),
            key: "test".to_owned(),
            what: "a test: alerts arrive here".to_owned(),
            sites: vec![site],
            since: Some(now),
            detail: Some("nothing is wrong; `consumer alert-test` sent this".to_owned()),
            ..News::default()
        };
        Self::new(id, news)
    }

    /// All that it tells, a line each, the headline left out.
    pub fn lines(&self) -> Vec<String> {
        words::lines(self)
    }
}
