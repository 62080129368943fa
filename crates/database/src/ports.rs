//! The ports of the servers that `PG_URI` names.

use tokio_postgres::Config;

/// PostgreSQL's own.
const PORT: u16 = 5432;

/// The port of a server: one each, or one for all.
pub(crate) fn port(all: &Config, number: usize) -> u16 {
    let ports = all.get_ports();
    *ports.get(number).or(ports.first()).unwrap_or(&PORT)
}
