//! What is told.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    news::{News, Site},
    words,
};

/// Websites that an alert for people names; of more it tells the number.
const NAMED_MAX: usize = 50;

/// What is told at once. It is stored whole before it is first sent, and is the same at each try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// By which a receiver knows a repeat.
    pub id: Uuid,
    /// What happened.
    #[serde(flatten)]
    pub news: News,
    /// How many websites it is about; all of them stand in `sites`, or the first where it is shortened.
    pub sites_count: usize,
    /// All of it in one line.
    pub headline: String,
}

impl Alert {
    /// The alert that tells this.
    pub fn new(id: Uuid, news: News) -> Self {
        let sites_count = news.sites.len();
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

    /// The same for who reads it, or hands it on to one who does: a message names no thousand websites.
    pub(crate) fn shortened(&self) -> Cow<'_, Self> {
        if self.news.sites.len() <= NAMED_MAX {
            return Cow::Borrowed(self);
        }
        let mut news = self.news.clone();
        news.sites.truncate(NAMED_MAX);
        Cow::Owned(Self {
            news,
            headline: self.headline.clone(),
            ..*self
        })
    }

    /// All that it tells, a line each, the headline left out.
    pub fn lines(&self) -> Vec<String> {
        words::lines(&self.news, self.sites_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// About so many websites.
    fn alert(sites: usize) -> Alert {
        let mut news = Alert::test(Uuid::nil(), Timestamp::UNIX_EPOCH).news;
        news.sites = vec![news.sites[0].clone(); sites];
        Alert::new(Uuid::nil(), news)
    }

    #[test]
    fn a_message_names_no_thousand_websites_and_counts_them_all_the_same() {
        assert!(matches!(alert(NAMED_MAX).shortened(), Cow::Borrowed(_)));
        let whole = alert(1000);
        let short = whole.shortened();
        assert_eq!(short.news.sites.len(), NAMED_MAX);
        assert_eq!(short.sites_count, 1000);
        assert_eq!(short.headline, whole.headline);
    }
}
