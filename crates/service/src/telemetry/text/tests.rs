use std::sync::{Arc, MutexGuard};

use tracing::{info, subscriber::with_default, warn};
use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

struct Pen<'a>(MutexGuard<'a, Vec<u8>>);

impl io::Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Pen<'a>;

    fn make_writer(&'a self) -> Pen<'a> {
        Pen(self.0.lock().unwrap())
    }
}

/// The lines that are logged meanwhile, without the day and the times of day.
fn lines(has_colours: bool, has_details: bool, logs: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let text = Text {
        has_colours,
        has_details,
        has_times: true,
        zone: TimeZone::UTC,
        day: Mutex::new(None),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(log.clone())
        .event_format(text);
    with_default(tracing_subscriber::registry().with(layer), logs);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let mut lines = text.lines();
    let day = lines.next().unwrap();
    assert!(day.contains("UTC+00:00"), "{day}");
    let time = if has_colours {
        "\x1b[90m00:00:00\x1b[0m "
    } else {
        "00:00:00 "
    };
    lines.map(|line| line[time.len()..].to_owned()).collect()
}

#[test]
fn a_check_shows_its_outcome_and_its_fields_only_when_asked() {
    let check = || {
        info!(
            outcome = "down",
            duration_ms = 38_u64,
            "https://a.example  no  38 ms"
        );
    };
    assert_eq!(
        lines(false, false, check),
        ["down    https://a.example  no  38 ms"]
    );
    assert_eq!(
        lines(false, true, check),
        ["down    https://a.example  no  38 ms duration_ms=38"]
    );
}

#[test]
fn any_other_event_shows_its_level_and_its_fields() {
    let event = || warn!(rows = 3, name = "two words", "Stored");
    assert_eq!(
        lines(false, false, event),
        ["WARN    Stored rows=3 name=\"two words\""]
    );
}

#[test]
fn outcomes_are_green_red_and_grey() {
    for (outcome, colour) in [
        ("up", GREEN),
        ("down", RED),
        ("missed", GREY),
        ("skipped", GREY),
    ] {
        let line = &lines(true, false, || info!(outcome, "it"))[0];
        assert!(
            line.starts_with(&format!("{colour}{outcome:<7}{PLAIN} it")),
            "{line:?}"
        );
    }
}

#[test]
fn colours_are_for_terminals_unless_somebody_decided() {
    assert!(has_colours("", "", true));
    assert!(!has_colours("", "", false));
    assert!(!has_colours("1", "", true));
    assert!(has_colours("", "1", false));
    assert!(!has_colours("", "0", false));
    assert!(
        !has_colours("1", "1", false),
        "who wants none is asked first"
    );
}

#[test]
fn what_a_site_says_neither_commands_the_terminal_nor_makes_lines() {
    let nasty = "\x1b[2J\nup      https://never.example";
    let seen = lines(false, false, || warn!(detail = nasty, "said {nasty}"));
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].contains('\x1b'), "{seen:?}");
}

#[test]
fn the_day_is_said_once_and_when_it_changes() {
    let text = Text {
        has_colours: false,
        has_details: false,
        has_times: true,
        zone: TimeZone::UTC,
        day: Mutex::new(None),
    };
    let mut out = String::new();
    for time in [
        "2026-11-26T23:59:58Z",
        "2026-11-26T23:59:59Z",
        "2026-11-27T00:00:00Z",
    ] {
        let event = Parts {
            message: "it".into(),
            ..Parts::default()
        };
        let now = time.parse().unwrap();
        text.line(Level::INFO, &event, now, &mut Writer::new(&mut out))
            .unwrap();
    }
    assert_eq!(
        out,
        "Thursday, 26 November 2026, UTC+00:00\n\
         23:59:58 INFO    it\n\
         23:59:59 INFO    it\n\
         Friday, 27 November 2026, UTC+00:00\n\
         00:00:00 INFO    it\n"
    );
}
