//! What the tests of several stages need.

use std::sync::Arc;

use crate::targets::Target;

/// A target of which only its url matters.
pub(crate) fn target(url: &str) -> Arc<Target> {
    Arc::new(Target {
        url: url.into(),
        address: url::Url::parse(url).unwrap(),
        pattern: None,
    })
}
