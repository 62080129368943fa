//! Why something went wrong, as an error and those within it tell it.

use std::{error::Error, iter::successors};

/// These words, and behind them what caused the error; an error that wraps another one often repeats it.
pub(crate) fn with_causes(words: String, error: &dyn Error) -> String {
    successors(error.source(), |&cause| cause.source()).fold(words, |story, cause| {
        let words = cause.to_string();
        if story.ends_with(&words) {
            story
        } else {
            format!("{story}: {words}")
        }
    })
}
