//! Commands on dead letters: `consumer dead-letters` shows and removes them, `consumer redrive` tries
//! them again.
//!
//! - `letter`: one, as it is stored, and which are meant.
//! - `show`: them, for a person and as JSON.
//! - `redrive`: each becomes what its record would have become, and the letter goes in the same
//!   transaction.

mod letter;
mod redrive;
mod show;

pub use self::{
    letter::LetterFilter,
    redrive::redrive,
    show::{list, remove, show},
};

#[cfg(test)]
mod tests;
