//! Whom alerts go to, and how it stands with them. What there is to tell is decided by the `store`, and
//! told by the `keeper`.
//!
//! - `settings`: the receivers of `ALERTS_FILE`. `groups`: what groups of websites aim at.
//! - `test`: `consumer alert-test`.

mod groups;
mod settings;
mod test;

pub(crate) use groups::GroupSlo;
pub(crate) use settings::AlertSettings;
pub use settings::AlertTestSettings;
pub use test::alert_test;
