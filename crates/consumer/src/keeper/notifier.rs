//! The notifier: gathers what is to be told into alerts, and delivers them for as long as it takes.
//!
//! What is decided stands in `outbox`, written by the transaction that decided it. Whichever consumer
//! lives gathers and delivers; a receiver knows a repeat by the alert's id.
//!
//! - `pending`: what waits in the outbox.
//! - `holding`: what is held back, or not told at all: maintenance, flapping.
//! - `causes`: what was told and is not over, which more websites join.
//! - `compose`: what is told together. `wording`: in which words. No I/O.
//! - `reminders`: what lasts is told again.
//! - `gather`: the transaction that makes alerts of the outbox.
//! - `delivery`: leases alerts, sends them, and notes what became of it.
//! - `rounds`: does both again and again.

mod causes;
mod compose;
mod delivery;
mod gather;
mod holding;
mod pending;
mod reminders;
mod rounds;
#[cfg(test)]
mod tests;
mod wording;

pub(crate) use rounds::notify;
