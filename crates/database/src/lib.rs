//! PostgreSQL, for whoever speaks it: where it is, whether to trust it, connections, what its errors
//! mean, and the tables.
//!
//! - `settings`, `uri`, `passwords`: from `PG_URI` to a host, a password, and how to encrypt.
//! - `encryption`, `tls`, `connector`: from the `ssl…` options to the TLS of each connection.
//! - `servers`, `connecting`: the servers that it names, and connections to the first that serves; `serving`:
//!   which one that is.
//! - `pool`: a [`Database`] and its connections, on which nothing waits without a limit; `session`: the limits
//!   on the server's side.
//! - `statement`: what is asked, each under a name. [`numbers`]: how long that takes.
//! - `errors`: one table from SQLSTATE to what to do. `causes`: what lies behind an error.
//! - `migrate`: brings the tables up to date, or takes those of the original over; the SQL itself is
//!   in `migrations/`. `partition`: a partition of `metrics`.
//! - `time`: from our times to the driver's.

mod causes;
mod connecting;
mod connector;
mod encryption;
mod errors;
mod migrate;
pub mod numbers;
mod partition;
mod passwords;
mod pool;
mod ports;
mod servers;
mod serving;
mod session;
mod settings;
mod statement;
mod time;
mod tls;
mod uri;

pub use encryption::{Identity, Roots, Tls, TlsSettings, Verification};
pub use errors::{Action, DatabaseError};
pub use migrate::{PrepareError, migrate, prepare, prepare_at_start};
pub use partition::Partition;
pub use passwords::Passwords;
pub use pool::Database;
pub use settings::DatabaseSettings;
pub use statement::{Parameters, Statement, begin, commit};
pub use time::system_time;
