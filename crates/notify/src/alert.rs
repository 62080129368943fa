//! What is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    news::{News, Site},
    words,
};

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
        words::lines(&self.news, self.sites_count)
    }
}
