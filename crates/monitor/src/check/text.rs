//! A check for a person: the verdict, the phases, what was seen, and what to try.

use std::{fmt::Write, time::Duration};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use messages::{CheckResult, OutcomeKind, Phase};

use super::{
    bar::{Bar, bars},
    facts::facts,
    story::{MATCH_BEGIN, MATCH_END, headers, hops},
    wrap::{WIDTH, harmless, wrap},
};
use crate::{masked::Masked, probe::Story};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// The column at which facts begin.
const INDENT: usize = 15;

/// All of it, with colours, which whoever prints it takes away where they are not wanted.
pub(super) fn text(result: &CheckResult, story: &Story, now: Timestamp) -> String {
    let mut text = String::new();
    verdict(&mut text, result);
    if let Some(probe) = result.probe() {
        let failed = result.failure().and_then(|failure| failure.phase);
        text.push('\n');
        for bar in bars(&probe.timings) {
            phase(&mut text, &bar, failed == Some(bar.phase));
        }
        line(
            &mut text,
            &format!("  {:10}  {}", "whole", time(probe.response_time)),
        );
    }
    let facts = facts(result, story, now);
    let facts = facts.into_iter().map(|(name, fact)| (name.into(), fact));
    section(&mut text, hops(story));
    section(&mut text, facts.collect());
    section(&mut text, headers(story));
    if let Some(failure) = result.failure() {
        let advice = failure.reason.advice();
        text.push('\n');
        if let Some(detail) = &failure.detail {
            paragraph(&mut text, "seen", detail);
        }
        paragraph(&mut text, "it means", advice.meaning);
        paragraph(&mut text, "try this", advice.remedy);
    }
    if result.self_doubt.overloaded {
        text.push('\n');
        let doubt = "this machine was too slow or too busy for the times to be believed";
        paragraph(&mut text, "doubt", doubt);
    }
    text
}

fn verdict(text: &mut String, result: &CheckResult) {
    let kind = result.kind();
    let style = colour(kind).on_default().bold();
    let words = match result.failure() {
        None => kind.as_str().to_owned(),
        Some(failure) => {
            let (reason, short) = (failure.reason.as_str(), failure.reason.advice().short);
            format!("{}: {short} ({reason})", kind.as_str())
        }
    };
    let url = harmless(&Masked(&result.check.url).to_string());
    for url in wrap(&url, WIDTH) {
        line(text, &format!("{BOLD}{url}{BOLD:#}"));
    }
    line(text, &format!("{style}{words}{style:#}"));
}

fn colour(kind: OutcomeKind) -> AnsiColor {
    match kind {
        OutcomeKind::Up => AnsiColor::Green,
        OutcomeKind::Down => AnsiColor::Red,
        OutcomeKind::Missed | OutcomeKind::Skipped => AnsiColor::Yellow,
    }
}

fn phase(text: &mut String, bar: &Bar, failed: bool) {
    let Bar {
        phase,
        time: taken,
        offset,
        length,
    } = *bar;
    let (colour, mark) = if failed {
        (AnsiColor::Red, " failed")
    } else {
        (phase_colour(phase), "")
    };
    let style = colour.on_default();
    let cells = "█".repeat(length);
    let shown = format!("{:offset$}{style}{cells}{style:#}{mark}", "");
    let name = phase.as_str();
    line(text, &format!("  {name:10}  {}  {shown}", time(taken)));
}

fn phase_colour(phase: Phase) -> AnsiColor {
    match phase {
        Phase::Dns => AnsiColor::Blue,
        Phase::Connect => AnsiColor::Cyan,
        Phase::Tls => AnsiColor::Magenta,
        Phase::FirstByte => AnsiColor::Yellow,
        Phase::Body => AnsiColor::Green,
    }
}

/// Lines that belong together, where there are any.
fn section(text: &mut String, lines: Vec<(String, String)>) {
    if !lines.is_empty() {
        text.push('\n');
    }
    for (name, words) in lines {
        paragraph(text, &name, &words);
    }
}

/// A name, and behind it what there is to say, in as many lines as it needs.
fn paragraph(text: &mut String, name: &str, words: &str) {
    let lines = wrap(&harmless(words), WIDTH - INDENT);
    for (index, words) in lines.iter().enumerate() {
        let words = words
            .replace(MATCH_BEGIN, &format!("{BOLD}»"))
            .replace(MATCH_END, &format!("«{BOLD:#}"));
        let name = if index == 0 { name } else { "" };
        line(text, &format!("  {DIM}{name:12}{DIM:#} {words}"));
    }
}

/// In ten columns.
fn time(time: Duration) -> String {
    format!("{:>7.1} ms", time.as_secs_f64() * 1000.0)
}

fn line(text: &mut String, line: &str) {
    // Writing to a String does not fail.
    writeln!(text, "{}", line.trim_end()).ok();
}
