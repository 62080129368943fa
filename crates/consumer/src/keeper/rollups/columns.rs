//! The columns of `hours` and `days` that are counted.

/// What became of checks: each is counted in exactly one.
pub(super) const FATES: [&str; 6] = ["up", "down", "missed", "skipped", "maintenance", "doubted"];
/// What the response time of those up is made of, and itself.
pub(super) const TIMES: [&str; 6] = [
    "response_time",
    "dns",
    "connect",
    "tls",
    "first_byte",
    "body",
];
/// How response times are spread.
pub(super) const SPREAD: [&str; 2] = ["buckets", "bucket_counts"];

/// All that is counted, in the tables' order.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let fates = FATES.into_iter().chain(["slow", "down_time"]);
    fates.chain(TIMES).chain(SPREAD)
}

/// The end of a statement that counts: what was counted before gives way, unless some of its rows
/// are not there any more. A check that has its row keeps it until the whole day goes, so that a
/// smaller number of checks means just that.
pub(super) fn replace(table: &str, key: &str) -> String {
    let set: Vec<_> = all().map(|it| format!("{it} = excluded.{it}")).collect();
    let total = |of: &str| {
        let fates = FATES.map(|it| format!("{of}.{it}"));
        fates.join(" + ")
    };
    format!(
        "ON CONFLICT ({key}) DO UPDATE SET {} WHERE {} >= {}",
        set.join(", "),
        total("excluded"),
        total(table)
    )
}

/// The columns, as a statement lists them.
pub(super) fn list() -> String {
    all().collect::<Vec<_>>().join(", ")
}
