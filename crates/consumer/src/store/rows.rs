//! Rows: by COPY, or where that meets a repeat, by a statement that settles it.

mod columns;
mod copy;
mod field;
mod settle;

pub(super) use copy::copy;
pub(super) use settle::{settle, sift};
