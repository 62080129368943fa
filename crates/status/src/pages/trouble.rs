//! What is shown when there is nothing to show.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{
    layout::{Layout, Menu},
    masthead::Masthead,
    parts,
};
use crate::times::{self, Clock};

/// The database is away. How things are is not known, and nothing that was known is shown as if it
/// still were.
pub(crate) fn out(masthead: &Masthead, last_known_at: Option<Timestamp>) -> Markup {
    let words = html! {
        @if let Some(at) = last_known_at {
            "The last result that it told of was due " (times::time(at, Clock::Day)) " (UTC). "
        }
        "What is stored there is safe, and results that come meanwhile are stored later. "
        "This page asks again every ten seconds."
    };
    trouble(
        masthead,
        "The database does not answer: how things are is not known",
        &words,
    )
}

/// What was asked for makes no sense.
pub(crate) fn refused(masthead: &Masthead, reason: &str) -> Markup {
    let words = html! { (reason) ". " a href="/" { "All websites" } };
    trouble(masthead, "This address asks for what there is not", &words)
}

/// There is no such thing, or none that may be seen.
pub(crate) fn missing(masthead: &Masthead) -> Markup {
    let words = html! { "It may have been another database's, or is not shown here. " a href="/" { "All websites" } };
    trouble(masthead, "Nothing is known by this address", &words)
}

fn trouble(masthead: &Masthead, headline: &str, words: &Markup) -> Markup {
    let content = html! {
        section.card.banner.is-late.full aria-labelledby="now" {
            header.slow { (parts::shape("slow")) h1 #now { (headline) } }
            .pad { p { (words) } }
        }
    };
    Layout {
        masthead,
        headline,
        class: "trouble",
        menu: Menu::Nowhere,
        now: None,
        stamp: None,
        content,
    }
    .render()
}
