//! Tells one alert to one receiver. It decides nothing: what is told to whom is decided in PostgreSQL,
//! and whoever calls tries again when it says so.
//!
//! - `news`: what happened. `alert`: what is told of it. `words`: how it reads.
//! - `receiver`: who is told, and of what. `file`: how `ALERTS_FILE` is read.
//! - `webhook`, `slack`, `alertmanager`, `mail`: a channel each.
//! - `http`: the client of the first three; `withheld`: what of their answers is not told. `trust`: whom
//!   clients believe. `signature`, `template`: of webhooks.
//! - `outcome`: what became of a try.

mod alert;
mod alertmanager;
mod causes;
mod file;
mod http;
mod mail;
mod news;
mod outcome;
mod receiver;
mod signature;
mod slack;
mod template;
mod trust;
mod webhook;
mod withheld;
mod words;

pub use alert::Alert;
pub use news::{News, Site};
pub use outcome::Outcome;
pub use receiver::{Receiver, Receivers};
pub use words::{moment, span};

#[cfg(test)]
mod tests;
