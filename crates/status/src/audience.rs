//! Who looks, and so what may be seen.

/// What may be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audience {
    /// Only websites with one of these tags; `None`: all.
    pub(crate) tags: Option<Vec<String>>,
    /// Websites are told by their names, and nowhere by their urls, nor by what else names their hosts: addresses,
    /// subjects of certificates, details of failures.
    pub(crate) names_only: bool,
}

impl Audience {
    /// Those who see only websites with one of these tags, where there are any.
    pub(crate) fn new(tags: &[String], names_only: bool) -> Self {
        Self {
            tags: Some(tags.to_vec()).filter(|tags| !tags.is_empty()),
            names_only,
        }
    }
}
