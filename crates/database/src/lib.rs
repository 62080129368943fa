//! PostgreSQL, for whoever speaks it: where it is, whether to trust it, connections, what its errors
//! mean, and the tables.
//!
//! - `settings`, `uri`: from `PG_URI` to a host, a password, and how to encrypt.
//! - `pool`, `tls`: connections, on which nothing waits without a limit.
//! - `errors`: one table from SQLSTATE to what to do.
//! - `migrate`: brings the tables up to date; the SQL itself is in `migrations/`.

mod errors;
mod migrate;
mod pool;
mod settings;
mod tls;
mod uri;

pub use errors::{Action, DatabaseError, Server};
pub use migrate::{PrepareError, prepare};
pub use pool::{address, make as make_pool};
pub use settings::{DatabaseSettings, Roots, SETTINGS, TlsSettings, Verification};
