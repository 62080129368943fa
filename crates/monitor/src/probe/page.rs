//! A page as it was read, and its text.

mod charset;
mod content;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

pub(super) use self::content::{Coding, Content};
use super::memory::Taken;

/// A page as it was read, with the memory that it takes.
#[derive(Debug)]
pub(super) struct Page {
    chunks: Vec<Vec<u8>>,
    content: Content,
    truncated: bool,
    taken: Taken,
}

/// A page's text.
#[derive(Debug)]
pub(super) struct PageText {
    pub(super) text: String,
    /// By its type, or by its bytes where it has none.
    pub(super) is_binary: bool,
}

impl Page {
    pub(super) fn new(
        chunks: Vec<Vec<u8>>,
        content: Content,
        truncated: bool,
        taken: Taken,
    ) -> Self {
        Self {
            chunks,
            content,
            truncated,
            taken,
        }
    }

    /// Whether there was more of it.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Its length as it was read.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// Its text, whatever it is: of a binary, as far as it can be read as one.
    pub(super) fn into_text(self) -> PageText {
        let Self {
            chunks,
            content,
            truncated,
            taken,
        } = self;
        let mut bytes = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
        for chunk in chunks {
            bytes.extend_from_slice(&chunk);
        }
        drop(taken);
        let is_binary = !content.may_be_text()
            || content.media_type.is_empty() && charset::looks_binary(&bytes);
        PageText {
            text: charset::text(bytes, content.charset, truncated),
            is_binary,
        }
    }
}

/// A page's text as it would be read, whatever its bytes and its `Content-Type` are: what is fed with inputs
/// that nobody would write (`make fuzz`).
pub fn page_text(bytes: Vec<u8>, content_type: &str) -> String {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    charset::text(bytes, Content::of(&headers).charset, false)
}

#[cfg(test)]
mod tests;
