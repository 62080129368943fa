//! Search, tags and order: a form, which works without the script.

use maud::{Markup, html};

use crate::queries::{Filter, Order, Overview, SHOWN_MAX};

/// The form. The script searches while one types, where all websites stand on the page.
pub(super) fn tools(overview: &Overview, filter: &Filter) -> Markup {
    let page = &overview.page;
    let is_all = filter.words.is_empty() && page.matching <= SHOWN_MAX;
    html! {
        form.tools role="search" action="/" data-all[is_all] {
            span.sub #found role="status" {}
            @if let Some(group) = &filter.group { input type="hidden" name="group" value=(group); }
            @if let Some(state) = filter.state { input type="hidden" name="state" value=(state.key()); }
            label.vh for="q" { "Search websites" }
            input #q name="q" type="search" placeholder="Search" autocomplete="off" value=(filter.words.join(" "));
            @if !page.tags.is_empty() {
                label.vh for="tag" { "Tag" }
                select #tag name="tag" {
                    option value="" { "All tags" }
                    @for tag in &page.tags {
                        option selected[filter.tag.as_ref() == Some(tag)] { (tag) }
                    }
                }
            }
            label.vh for="sort" { "Sort" }
            select #sort name="sort" {
                @for order in Order::ALL {
                    option value=(order.key()) selected[filter.order == order] { (order.word()) }
                }
            }
            noscript { button.btn { "Show" } }
        }
    }
}
