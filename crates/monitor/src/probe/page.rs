//! A page as it was read, and its text.

mod charset;
mod content;

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

    /// Its text; `None` when it is a binary after all.
    pub(super) fn into_text(self) -> Option<String> {
        let Self {
            chunks,
            content,
            taken,
            ..
        } = self;
        let mut bytes = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
        for chunk in chunks {
            bytes.extend_from_slice(&chunk);
        }
        drop(taken);
        if content.media_type.is_empty() && charset::looks_binary(&bytes) {
            return None;
        }
        Some(charset::text(bytes, content.charset))
    }
}

#[cfg(test)]
mod tests;
