//! From a row to a target: everything that can be wrong with it.

use std::collections::HashSet;

use hyper::Uri;
use url::Url;

use super::{BadRow, Row, Target};
use crate::pattern::Pattern;

/// The longest url, in characters: as much as its column in the table holds.
const URL_CHARS_MAX: usize = 2048;

/// Makes a target of a row whose url has not been seen before.
pub(super) fn check(row: Row, seen: &mut HashSet<String>) -> Result<Target, BadRow> {
    let Row { line, url, regexp } = row;
    let bad = |reason: String| BadRow { line, reason };
    let address = parse_url(&url).map_err(bad)?;
    let pattern = match regexp.as_str() {
        "" => None,
        regexp => Some(
            Pattern::parse(regexp)
                .map_err(|error| bad(format!("the regexp does not compile: {error}")))?,
        ),
    };
    if !seen.insert(url.clone()) {
        return Err(bad("the url stands here for the second time".into()));
    }
    Ok(Target {
        url,
        address,
        pattern,
    })
}

fn parse_url(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err("no url".into());
    }
    let chars = text.chars().count();
    if chars > URL_CHARS_MAX {
        return Err(format!(
            "the url has {chars} characters, more than {URL_CHARS_MAX}"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("the url holds a control character".into());
    }
    let lower = text.to_ascii_lowercase();
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
        .ok_or("the url does not begin with http:// or https://")?;
    // The url standard would take the path's first part for the host.
    if rest.starts_with(['/', '\\', '?', '#']) {
        return Err("the url has no host".into());
    }
    let url = Url::parse(text).map_err(|error| format!("the url is wrong: {error}"))?;
    if url.as_str().parse::<Uri>().is_err() {
        return Err("the url cannot be asked for".into());
    }
    Ok(url)
}
