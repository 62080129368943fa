//! What an offset can become.

/// Each a column of the offsets' account. One that this version's tables do not have counts 0.
pub(crate) const FATES: [&str; 7] = [
    "rows",
    "duplicates",
    "replaced",
    "dead_letters",
    "expired",
    "gaps",
    "lost",
];
