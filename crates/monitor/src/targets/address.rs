//! Which urls can be asked for.

use http::Uri;
use service::unseen::is_invisible;
use url::{ParseError, Url};

use crate::masked::Masked;

/// The longest url, in characters: as much as its column in the table holds.
const URL_CHARS_MAX: usize = 2048;

/// Where a url leads, or what is wrong with it, to stand behind "the url".
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    let chars = text.chars().count();
    if chars > URL_CHARS_MAX {
        return Err(format!("has {chars} characters, more than {URL_CHARS_MAX}"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    if let Some((at, unseen)) = text.char_indices().find(|(_, char)| is_invisible(*char)) {
        let code = u32::from(unseen);
        return Err(format!(
            "holds an invisible character (U+{code:04X}) behind {:?}; leave it out, or \
             percent-encode it",
            Masked(&text[..at]).to_string()
        ));
    }
    let lower = text.to_ascii_lowercase();
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
        .ok_or("does not begin with http:// or https://")?;
    // The url standard would take the path's first part for the host.
    if rest.starts_with(['/', '\\', '?', '#']) {
        return Err("has no host".into());
    }
    // It would be asked for at a host of this name, which would be called down for ever.
    if ["http", "https"].iter().any(|scheme| {
        let behind = rest.strip_prefix(scheme).unwrap_or_default();
        behind.starts_with("://") || behind.starts_with("//")
    }) {
        return Err("has http:// or https:// twice".into());
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::InvalidIpv6Address if has_zone(rest) => {
            "is wrong: an address is written without the zone (%eth0), which browsers take as little".into()
        }
        error => format!("is wrong: {error}"),
    })?;
    if url.as_str().parse::<Uri>().is_err() {
        return Err("cannot be asked for".into());
    }
    Ok(url)
}

/// Whether the address in brackets names one of this machine's networks.
fn has_zone(rest: &str) -> bool {
    let brackets = rest
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    brackets.is_some_and(|(address, _)| address.contains('%'))
}
