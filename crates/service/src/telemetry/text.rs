//! The log's lines for people: `19:04:05 down    https://…  connection refused  38 ms`.
//!
//! An event whose field `outcome` is set is a check: the outcome stands in the level's place, and
//! the message says all that a person asks; its other fields are for machines, and for DEBUG. Any
//! other event shows its level, its message and its fields.

use std::{
    env,
    fmt::{self, Write as _},
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// The field that makes an event a check's.
const OUTCOME: &str = "outcome";
/// The longest word before a message.
const WORD_WIDTH: usize = 7;

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREY: &str = "\x1b[90m";
const PLAIN: &str = "\x1b[0m";

/// How events become lines for people.
#[derive(Debug)]
pub(super) struct Text {
    has_colours: bool,
    /// Whether a check shows the fields that are for machines.
    has_details: bool,
    /// Whether a line begins with its time of day. systemd's journal has the time of each line by itself.
    has_times: bool,
    zone: TimeZone,
    /// The day of the last line: a time of day alone would not say which.
    day: Mutex<Option<Date>>,
}

impl Text {
    /// Lines for standard error, in the colours that it can show.
    pub(super) fn to_standard_error(has_details: bool, has_times: bool) -> Self {
        let variable = |name| env::var(name).unwrap_or_default();
        Self {
            has_colours: has_colours(
                &variable("NO_COLOR"),
                &variable("CLICOLOR_FORCE"),
                io::stderr().is_terminal(),
            ),
            has_details,
            has_times,
            zone: TimeZone::system(),
            day: Mutex::new(None),
        }
    }

    fn line(
        &self,
        level: Level,
        event: &Parts,
        now: Timestamp,
        out: &mut Writer<'_>,
    ) -> fmt::Result {
        if self.has_times {
            self.time(now, out)?;
        }
        let (colour, word) = match event.outcome.as_str() {
            "" => level_word(level),
            "up" => (GREEN, "up"),
            "down" => (RED, "down"),
            other => (GREY, other),
        };
        self.coloured(colour, word, WORD_WIDTH, out)?;
        write!(out, " {}", event.message)?;
        if event.outcome.is_empty() || self.has_details {
            write!(out, "{}", event.fields)?;
        }
        out.write_char('\n')
    }

    /// The day where it is another than the last line's, and the time of day.
    fn time(&self, now: Timestamp, out: &mut Writer<'_>) -> fmt::Result {
        let now = now.to_zoned_datetime(self.zone.clone());
        let last_day = self
            .day
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(now.date());
        if last_day != Some(now.date()) {
            let day = now.strftime("%A, %-d %B %Y, UTC%:z");
            self.coloured(GREY, &day.to_string(), 0, out)?;
            out.write_char('\n')?;
        }
        self.coloured(GREY, &now.strftime("%H:%M:%S").to_string(), 0, out)?;
        out.write_char(' ')
    }

    fn coloured(
        &self,
        colour: &str,
        word: &str,
        width: usize,
        out: &mut Writer<'_>,
    ) -> fmt::Result {
        if self.has_colours && !colour.is_empty() {
            write!(out, "{colour}{word:<width$}{PLAIN}")
        } else {
            write!(out, "{word:<width$}")
        }
    }
}

/// By the custom of no-color.org and bixense.com/clicolors: no colour where somebody said so, else
/// where somebody passes our lines on to a terminal, or where there is one.
fn has_colours(no_color: &str, clicolor_force: &str, is_terminal: bool) -> bool {
    let is_forced = !matches!(clicolor_force, "" | "0");
    no_color.is_empty() && (is_forced || is_terminal)
}

fn level_word(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => (RED, "ERROR"),
        Level::WARN => (YELLOW, "WARN"),
        Level::INFO => ("", "INFO"),
        Level::DEBUG => (GREY, "DEBUG"),
        Level::TRACE => (GREY, "TRACE"),
    }
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        self.line(
            *event.metadata().level(),
            &parts,
            Timestamp::now(),
            &mut writer,
        )
    }
}

/// An event, taken apart.
#[derive(Debug, Default)]
struct Parts {
    message: String,
    outcome: String,
    /// Each as ` name=value`.
    fields: String,
}

impl Parts {
    fn add(&mut self, field: &Field, value: &dyn fmt::Display) {
        // Writing to a String never fails.
        match field.name() {
            "message" => write!(Visible(&mut self.message), "{value}").ok(),
            OUTCOME => write!(Visible(&mut self.outcome), "{value}").ok(),
            // What the bridge from the `log` crate adds of itself.
            name if name.starts_with("log.") => None,
            name => {
                write!(self.fields, " {name}=").ok();
                write!(Visible(&mut self.fields), "{value}").ok()
            }
        };
    }
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_word = matches!(field.name(), "message" | OUTCOME) || !value.contains([' ', '"']);
        if is_word && !value.is_empty() {
            self.add(field, &value);
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, &value);
    }
}

/// Writes control characters as escapes. A site chooses some of the words that we log: it must
/// neither command a terminal nor begin a line of its own.
struct Visible<'a>(&'a mut String);

impl fmt::Write for Visible<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_control() {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
