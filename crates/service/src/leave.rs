//! The end of the process.

use std::io::{self, Write};

/// Ends the process, without what C libraries have registered for its end. These free what is shared
/// by their threads, and threads of the Kafka client still run where closing it did not end in time:
/// a process that had done everything would die by a signal.
pub(crate) fn with_status(status: u8) -> ! {
    // Nobody is left to tell when standard output is closed.
    io::stdout().flush().ok();
    signal_hook::low_level::exit(status.into())
}
