//! What the handlers share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::HOST},
    response::Response,
};
use database::DatabaseError;
use maud::Markup;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{
    account::Account,
    answer,
    pages::{self, Masthead},
    reading::{Read, Reading},
    updates::Updates,
};

/// Where the last account stands.
pub(crate) type Accounts = watch::Receiver<Option<Arc<Account>>>;
/// There was no answer, which is noted.
pub(super) struct Out;
/// The words behind an address's question mark.
pub(super) type Words = Query<Vec<(String, String)>>;
/// What each handler is given.
pub(super) type Shared = State<Arc<Site>>;

/// The database, and how its page is called.
#[derive(Debug)]
pub(crate) struct Site {
    pub(super) title: String,
    /// Where people see it, without a slash at its end, where that was said.
    pub(super) address: Option<String>,
    pub(super) reading: Reading,
    pub(super) updates: Updates,
    /// Handed in by whoever proves it; `None` until then.
    account: Accounts,
    /// The last question had no answer, and that was said.
    is_out: AtomicBool,
}

/// The words, as pairs.
pub(super) fn pairs(words: &Words) -> impl Iterator<Item = (&str, &str)> {
    words.iter().map(|(name, value)| (&**name, &**value))
}

impl Site {
    /// Nothing is asked yet.
    pub(super) fn new(
        title: String,
        address: Option<String>,
        (reading, updates): (Reading, Updates),
        account: Accounts,
    ) -> Self {
        Self {
            title,
            address,
            reading,
            updates,
            account,
            is_out: AtomicBool::new(false),
        }
    }

    pub(super) fn masthead(&self) -> Masthead<'_> {
        Masthead {
            title: &self.title,
            names_only: self.reading.audience().names_only,
            account: self.account.borrow().clone(),
            is_behind: false,
        }
    }

    /// Where people see the page: as it was said, or as this reader came to it.
    pub(super) fn address(&self, asked: &HeaderMap) -> String {
        let host = asked.get(HOST).and_then(|host| host.to_str().ok());
        match (&self.address, host) {
            (Some(address), _) => address.clone(),
            (None, Some(host)) => format!("http://{host}"),
            (None, None) => String::new(),
        }
    }

    /// What was read, as a page, marked where it is not new; or why there is none.
    pub(super) fn show_known<T>(
        &self,
        read: Read<T>,
        asked: &HeaderMap,
        page: impl FnOnce(&Masthead, &T) -> Markup,
    ) -> Response {
        self.tell_known(read, |masthead, found| {
            answer::page(page(masthead, found), asked)
        })
    }

    /// The same, told otherwise.
    pub(super) fn tell_known<T>(
        &self,
        read: Read<T>,
        tell: impl FnOnce(&Masthead, &T) -> Response,
    ) -> Response {
        let known = match read {
            Ok(known) => known,
            Err(error) => {
                self.note_outage(&error);
                return self.out();
            }
        };
        match &known.failure {
            Some(error) => self.note_outage(error),
            None => self.note_answer(),
        }
        let masthead = Masthead {
            is_behind: known.failure.is_some(),
            ..self.masthead()
        };
        match &*known.answer {
            Some(found) => tell(&masthead, found),
            None => answer::problem(StatusCode::NOT_FOUND, pages::missing(&masthead)),
        }
    }

    /// What was read just now, as a page; or why there is none.
    pub(super) fn show<T>(
        &self,
        read: Result<T, DatabaseError>,
        asked: &HeaderMap,
        page: impl FnOnce(&Masthead, &T) -> Markup,
    ) -> Response {
        match self.noted(read) {
            Ok(found) => answer::page(page(&self.masthead(), &found), asked),
            Err(Out) => self.out(),
        }
    }

    pub(super) fn refuse(&self, reason: &str) -> Response {
        let page = pages::refused(&self.masthead(), reason);
        answer::problem(StatusCode::BAD_REQUEST, page)
    }

    /// Said to readers each time, without where the database is.
    pub(super) fn out(&self) -> Response {
        // Nor is what was accounted for told as if it were known.
        let masthead = Masthead {
            account: None,
            ..self.masthead()
        };
        let page = pages::out(&masthead, self.reading.last_known_at());
        answer::problem(StatusCode::SERVICE_UNAVAILABLE, page)
    }

    /// What was read. The log is told once that there is no answer, and once that there is one again.
    pub(super) fn noted<T>(&self, read: Result<T, DatabaseError>) -> Result<T, Out> {
        match read {
            Ok(found) => {
                self.note_answer();
                Ok(found)
            }
            Err(error) => {
                self.note_outage(&error);
                Err(Out)
            }
        }
    }

    fn note_outage(&self, error: &DatabaseError) {
        if !self.is_out.swap(true, Ordering::Relaxed) {
            let why = self.reading.explain(error);
            warn!("The status page gets no answer: {why}");
        }
    }

    fn note_answer(&self) {
        if self.is_out.swap(false, Ordering::Relaxed) {
            info!("The status page gets answers again");
        }
    }
}
