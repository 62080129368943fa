//! A partition of `metrics`.

use crate::statement::Statement;

/// What is being done when one is made.
const MAKING: &str = "making a partition of metrics";

/// A table for the rows of one day, or of more.
#[derive(Clone, Debug)]
pub struct Partition<'a> {
    /// The schema of `metrics`, quoted where it has to be.
    pub schema: &'a str,
    /// Its own name.
    pub name: &'a str,
    /// Its first day (UTC), as 2026-11-25.
    pub from: &'a str,
    /// The first day that is not its own any more.
    pub to: &'a str,
}

impl Partition<'_> {
    /// Makes and attaches it: `PARTITION OF` would lock the whole table against all meanwhile. The
    /// replica identity lets missed rows give way also where the table is published.
    pub fn making(&self) -> Statement {
        let Self {
            schema,
            name,
            from,
            to,
        } = self;
        let sql = format!(
            "CREATE TABLE {schema}.{name} (LIKE {schema}.metrics \
             INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE, \
             CONSTRAINT {name}_check_key UNIQUE (website_id, scheduled_at, check_id)); \
             ALTER TABLE {schema}.{name} REPLICA IDENTITY USING INDEX {name}_check_key; \
             ALTER TABLE {schema}.metrics ATTACH PARTITION {schema}.{name} \
             FOR VALUES FROM ('{from} 00:00:00+00') TO ('{to} 00:00:00+00')"
        );
        Statement::built(MAKING, sql)
    }
}
