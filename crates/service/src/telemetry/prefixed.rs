//! Lines for systemd's journal: each begins with its level.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::journal;

/// Lines of another format, with the prefix before them where the journal reads them.
#[derive(Debug)]
pub(super) struct Prefixed<Format> {
    pub(super) format: Format,
    pub(super) is_journal: bool,
}

impl<S, N, Format> FormatEvent<S, N> for Prefixed<Format>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    Format: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.is_journal {
            writer.write_str(journal::level_prefix(*event.metadata().level()))?;
        }
        self.format.format_event(context, writer, event)
    }
}
