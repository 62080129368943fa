//! How each location sees a website, and what certificates it showed.

use maud::{Markup, html};

use crate::{
    pages::parts,
    queries::{Place, WebsitePage},
    state::State,
    times, words,
};

/// Each location's view.
pub(super) fn places(page: &WebsitePage) -> Markup {
    html! {
        section aria-labelledby="lo" {
            .head { h2 #lo { "Locations" } }
            .card.scroll role="group" aria-labelledby="lo" tabindex="0" {
                table.data {
                    thead { tr {
                        th scope="col" { "Location" } th scope="col" { "Sees it" }
                        th.num scope="col" { "Response" } th.num scope="col" { "Heard" }
                    } }
                    tbody {
                        @for place in &page.places {
                            tr {
                                th scope="row" { bdi { (words::place(&place.name)) } }
                                td { (seen(place, page.website.state)) }
                                td.num { (place.response_time.map_or("–".to_owned(), words::response_time)) }
                                td.num { (times::age(place.heard_at, page.now)) " ago" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn seen(place: &Place, website: State) -> Markup {
    match place.is_down {
        _ if !place.is_heard || website == State::Silent => parts::state(State::Silent, "Silent"),
        Some(true) => parts::state(State::Down, "Down"),
        Some(false) => parts::state(State::Up, "Up"),
        None => html! { span.st.missed { (parts::shape("missed")) "Missed" } },
    }
}

/// Certificates of the last week.
pub(super) fn certificates(page: &WebsitePage) -> Markup {
    html! {
        section aria-labelledby="certificates" {
            .head { h2 #certificates { "Certificates shown in the last week" } }
            ol.card.past {
                @for (place, shown) in page.certificates.iter().enumerate() {
                    li {
                        span {
                            @if place == 0 { "Now" } @else { "Until " (times::day(times::day_of(shown.last_at))) }
                        }
                        div {
                            @match (&shown.subject, &page.website.url) {
                                (Some(subject), _) => bdi { (subject) },
                                (None, Some(_)) => "without a name",
                                (None, None) => "A certificate",
                            }
                            span.sub {
                                @if let Some(issuer) = &shown.issuer { "by " bdi { (issuer) } " · " }
                                @if let Some(at) = shown.not_after { "ends " (times::utc(at, "%-d %b %Y")) " · " }
                                "seen since " (times::moment(shown.first_at, page.now))
                            }
                        }
                    }
                }
                @if page.certificates.is_empty() { li { span.none { "None" } p.none { "No check of the last week saw one" } } }
            }
        }
    }
}
