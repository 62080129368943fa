//! Why a registry did not answer what it was asked.

use std::ops::RangeInclusive;

use thiserror::Error;

/// By these a registry says that it has no such subject, version or schema. A bare 404 comes from whoever
/// stands where no registry is.
const UNKNOWN_CODES: RangeInclusive<u32> = 40_400..=40_499;

/// Why a registry did not answer what it was asked. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// It cannot be reached, or is not well: it may be well later.
    #[error("{0}")]
    Away(String),
    /// It does not let us in, or not do this.
    #[error("{0}")]
    Denied(String),
    /// It has nothing like that.
    #[error("{0}")]
    Unknown(String),
    /// It does not take what it was given.
    #[error("{0}")]
    Refused(String),
}

impl RegistryError {
    /// What an answer's status means, with the registry's own code.
    pub(super) fn of(status: u16, code: Option<u32>, story: String) -> Self {
        match status {
            300..=399 => Self::Away(format!(
                "{story}, which leads elsewhere; SCHEMA_REGISTRY_URL has to be where the registry itself is"
            )),
            401 => Self::Denied(format!(
                "{story}; check SCHEMA_REGISTRY_USERNAME, and SCHEMA_REGISTRY_PASSWORD or its file"
            )),
            403 => Self::Denied(format!(
                "{story}; check what SCHEMA_REGISTRY_USERNAME may do there"
            )),
            405 => Self::Denied(story),
            404 if code.is_some_and(|code| UNKNOWN_CODES.contains(&code)) => Self::Unknown(story),
            404 => Self::Away(format!("{story}; check the path of SCHEMA_REGISTRY_URL")),
            409 | 422 => Self::Refused(story),
            _ => Self::Away(story),
        }
    }
}
