//! How the lines of several programs share a terminal.

use std::env;
use std::io::{self, IsTerminal, Write};

use crate::service::Service;

/// Asks a program for colours though it writes to a pipe, and forbids them (<https://bixense.com/clicolors>,
/// <https://no-color.org>).
pub(super) const COLOURS_WANTED: &str = "CLICOLOR_FORCE";
const COLOURS_UNWANTED: &str = "NO_COLOR";

/// Cyan and green: away from the colours of warnings and errors.
const COLOURS: [(Service, &str); 2] = [
    (Service::Monitor, "\x1b[36m"),
    (Service::Consumer, "\x1b[32m"),
];
/// Magenta, in bold: it is what the others are for.
const ALERT_COLOUR: &str = "\x1b[1;35m";
const PLAIN: &str = "\x1b[0m";

/// Prints a service's line, the service's name before it: nine columns, so that a line of 111 fits
/// into a terminal of 120.
pub(crate) fn labelled(service: Service, line: &str) {
    let mut output = io::stdout().lock();
    let colour = COLOURS
        .iter()
        .find(|(of, _)| *of == service)
        .map(|(_, colour)| *colour);
    let (on, off) = match colour {
        Some(colour) if shows_colours() => (colour, PLAIN),
        _ => ("", ""),
    };
    // A terminal that was closed must not keep us from draining.
    writeln!(output, "{on}{:<8}{off} {}", service.name(), line.trim_end()).ok();
}

/// Prints a line of what a receiver was told, in a colour of its own.
pub(super) fn alert(line: &str) {
    let (on, off) = if shows_colours() {
        (ALERT_COLOUR, PLAIN)
    } else {
        ("", "")
    };
    let mut output = io::stdout().lock();
    // What a website says must not move the terminal.
    let line = line.replace(char::is_control, " ");
    writeln!(output, "{on}{:<8}{off} {line}", "alert").ok();
}

/// Whether somebody looks, and has nothing against colours.
pub(super) fn shows_colours() -> bool {
    let unwanted = env::var_os(COLOURS_UNWANTED).is_some_and(|word| !word.is_empty());
    io::stdout().is_terminal() && !unwanted
}
