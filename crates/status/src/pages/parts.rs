//! What many pages use.

use maud::{Markup, html};
use url::form_urlencoded;

use crate::state::State;

/// A shape among the symbols.
pub(super) fn shape(class: &str) -> Markup {
    html! { svg.i aria-hidden="true" { use href={ "#i-" (class) } {} } }
}

/// A state: shape, colour and word.
pub(super) fn state(state: State, words: &str) -> Markup {
    html! { span class={ "st " (state.class()) } { (shape(state.class())) (words) } }
}

/// The link to a website's page.
pub(super) fn website_path(id: i64) -> String {
    format!("/websites/{id}")
}

/// The link to an incident's page.
pub(super) fn incident_path(id: i64) -> String {
    format!("/incidents/{id}")
}

/// The part of an address behind its question mark.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
