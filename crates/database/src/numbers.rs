//! The numbers of whoever speaks PostgreSQL, as docs/metrics.md lists them.

service::metrics! {
    /// Time from a statement to its answer, by what it is for; failed ones count, too.
    Histogram STATEMENTS = "database_statement_seconds" by "statement";
    /// Connections that the pool may have: fewer than it was set to where the server allows no more.
    Gauge CONNECTIONS_MAX = "database_connections_max";
    /// Connections that the pool has.
    Gauge CONNECTIONS = "database_connections";
    /// Connections of the pool that nobody uses.
    Gauge IDLE_CONNECTIONS = "database_idle_connections";
    /// Those who wait until a connection of the pool is free.
    Gauge WAITING = "database_waiting";
}
