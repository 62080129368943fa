//! The way from a url to its page, over all its hops.

mod cookies;
mod credentials;
mod hop;
mod message;
pub(super) mod proxied;
mod question;

use http::header;
use messages::{Failure, FailureReason, Phase};
use reqwest::Response;
use url::Url;

use self::{cookies::Cookies, hop::hop, message::Message, question::Question};
use super::{
    body::{self, Reading},
    instruments::Instruments,
    page::{Content, Page},
    request::{Asking, Expectation, ProbeRequest},
    trace::Trace,
};

/// The way that a probe goes, hop by hop.
pub(super) struct Journey<'a> {
    instruments: &'a Instruments,
    asking: &'a Asking,
    expected: &'a Expectation,
    /// The url to ask for next.
    address: Url,
}

impl<'a> Journey<'a> {
    /// The way that begins at the request's url.
    pub(super) fn new(instruments: &'a Instruments, request: &'a ProbeRequest) -> Self {
        Self {
            instruments,
            asking: &request.asking,
            expected: &request.expected,
            address: request.url.clone(),
        }
    }

    /// Goes all the way. The page is there when something is sought in it.
    pub(super) async fn go(mut self, trace: &Trace) -> Result<Option<Page>, Failure> {
        let mut message = Message::new(self.asking, &self.address);
        let mut cookies = Cookies::default();
        loop {
            trace.begin_hop(&self.address);
            let question = Question {
                instruments: self.instruments,
                asking: self.asking,
                url: &self.address,
                method: message.method(),
                headers: message.headers(&self.address, cookies.header(&self.address)),
                body: message.body(&self.address),
                trace,
            };
            // Large as long as it runs, and gone before the body is read.
            let response = Box::pin(question.ask()).await?;
            let Some(next) = self.next_hop(&response, trace)? else {
                return self.read(response, trace).await;
            };
            cookies.keep(&self.address, response.headers());
            message.follow(response.status().as_u16());
            trace.follow();
            self.address = next;
        }
    }

    /// Where the response redirects to, if redirects are followed and it does.
    fn next_hop(&self, response: &Response, trace: &Trace) -> Result<Option<Url>, Failure> {
        let (redirects_max, set_by) = match self.asking.redirects {
            Some(0) => (None, ""),
            Some(own) => (Some(own), "the target's redirects"),
            None => (
                self.instruments.settings.redirects_max,
                "REDIRECT_MAX_TIMES",
            ),
        };
        let Some(redirects_max) = redirects_max else {
            return Ok(None);
        };
        let location = response.headers().get(header::LOCATION);
        let redirects = match response.status().as_u16() {
            301 | 302 | 303 | 307 | 308 => true,
            // A choice among several: only a Location makes it a redirect.
            300 => location.is_some_and(|value| !value.as_bytes().trim_ascii().is_empty()),
            _ => false,
        };
        if !redirects {
            return Ok(None);
        }
        let next = hop(&self.address, location)
            .map_err(|detail| Failure::new(FailureReason::BadRedirect, None, detail))?;
        if trace.redirects() >= redirects_max {
            let detail = format!("more than {redirects_max} redirects ({set_by})");
            return Err(Failure::new(FailureReason::TooManyRedirects, None, detail));
        }
        Ok(Some(next))
    }

    async fn read(&self, response: Response, trace: &Trace) -> Result<Option<Page>, Failure> {
        trace.enter(Phase::Body);
        let accepted = self.expected.accepts(response.status().as_u16());
        let content = Content::of(response.headers());
        let is_sought = self.expected.demands_text()
            || self.expected.pattern.is_some() && content.may_be_text();
        let reading = Reading {
            content,
            // Only a page in which something is sought is kept, and nothing is sought in what a site
            // says when it fails.
            keep: is_sought && accepted,
            bytes_max: self.instruments.settings.body_bytes_max,
            memory: &self.instruments.memory,
        };
        let page = body::read(reading, response, trace).await?;
        trace.leave();
        Ok(page)
    }
}
