//! A page, and the pattern that is sought in it.

use monitor::{
    pattern::{Pattern, Search},
    probe::page_text,
};

/// A `Content-Type`, a pattern and a page, a line each, the page being the rest: what is found stands in the page's
/// text, whatever charset it claims.
pub fn page(bytes: &[u8]) {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let [content_type, pattern, page] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let text = page_text(page.to_vec(), &String::from_utf8_lossy(content_type));
    if let Ok(pattern) = Pattern::parse(&String::from_utf8_lossy(pattern))
        && let Search::Found(found) = pattern.search(&text)
    {
        assert!(text.contains(&found), "{found:?} is not in {text:?}");
    }
}
