//! Roll-ups: what the checks of each hour and each day came to, counted from the rows, off the way of
//! records. Marks say what is to be counted (`store/dirty`); whoever counts removes them in the same
//! transaction, so that a kill at any moment loses none.
//!
//! - `work`: what is to be done next, one keeper at a time.
//! - `marks`: takes the marks of an hour or a day, and leaves one of what it does not get to.
//! - `hours`, `days`: the counting itself, one statement each, of the columns in `columns`.
//! - `pace`: how much of it, and how often.
//! - `progress`: says how it goes where there is much to do.

mod columns;
mod days;
mod hours;
mod marks;
mod pace;
mod progress;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use work::count;
