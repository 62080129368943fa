//! Defects, told to a Sentry: panics, and what the log calls an error. Off without `SENTRY_DSN`.
//!
//! What is told is the log's own text, with the place in the code, the release and the environment; neither the
//! settings nor the machine's name. Texts of panics are nobody's care when they are written, so credentials are
//! withheld from all of them.

mod quota;
mod reporter;
mod settings;
mod transport;
mod withheld;

pub(crate) use self::reporter::{flush, report_end};
pub use self::{reporter::Reporter, settings::DefectSettings};

#[cfg(test)]
mod tests;
