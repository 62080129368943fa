//! What an answer was, in a few words.

use messages::HttpVersion;

/// A status with its words, and the protocol.
pub(super) fn answered(status: u16, version: HttpVersion) -> String {
    let words = http::StatusCode::from_u16(status).ok();
    let words = words.and_then(|status| status.canonical_reason());
    let words = words.map_or_else(String::new, |words| format!(" {words}"));
    format!("{status}{words}, {}", version.as_str())
}
