//! Server processes: each in a session of its own, found again by its pid file, signalled, waited
//! for, and never left behind by accident.

mod daemon;
mod log;
mod server;
mod session;
mod settings;
mod table;
mod watchdog;

pub use daemon::Daemon;
pub use server::Server;
pub use session::{exit_code, in_new_session, send};
pub(crate) use settings::DaemonSettings;
pub use settings::Lifetime;
pub use watchdog::Watchdog;
