//! Urls as they may be shown.

pub(crate) use messages::Masked;
