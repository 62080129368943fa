//! What a browser's console says.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde::Deserialize;
use url::{ParseError, Url};

/// Asks for what the console said since it was last asked.
#[derive(Debug)]
pub(crate) struct ConsoleLog;

/// A line of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) level: String,
    pub(crate) message: String,
}

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(r#"{"type":"browser"}"#.to_owned()))
    }
}
