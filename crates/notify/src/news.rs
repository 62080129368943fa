//! What happened, and to which websites.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened, before it is known with what else it is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct News {
    /// The outbox's word: `down`, `up`, `reminder`, `certificate`, `silent`, `heard`, `network`, …
    pub kind: String,
    /// What it is about: the alert that tells its end has the same. "incident 17".
    pub key: String,
    /// What is so, without who: "connect timed out". It stands behind the website's name, or behind the
    /// number of websites.
    pub what: String,
    /// It tells an end: what was wrong is well again, with all that was told with it.
    pub is_over: bool,
    /// How many websites were told before that have the same cause: these join them.
    pub told_before: i64,
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
