//! What stands below each page: whether all checks are accounted for, and where machines read.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::{masthead::Masthead, parts};
use crate::{
    account::{Account, Finding},
    times::{self, Clock},
    words,
};

/// Up to so long after its end, a day is that of the last 24 hours.
const RECENT: SignedDuration = SignedDuration::from_hours(1);

/// The foot of a page.
pub(super) fn foot(masthead: &Masthead, now: Timestamp) -> Markup {
    let names_only = masthead.names_only;
    html! {
        footer.foot {
            .wrap {
                @if let Some(account) = &masthead.account { (accounted(account, names_only, now)) }
                p { "Times are " span.zone { "UTC" } }
                nav aria-label="For machines" {
                    a href="/api/v1/openapi.json" { "JSON API" }
                    a href="/feed.atom" { "Incident feed" }
                    a href="https://github.com/websites-monitor/websites-monitor" {
                        "websites-monitor " (env!("CARGO_PKG_VERSION"))
                    }
                }
            }
        }
    }
}

fn accounted(account: &Account, names_only: bool, now: Timestamp) -> Markup {
    let day = html! {
        @if now.duration_since(account.until) < RECENT {
            "of the last 24 hours"
        } @else {
            "of the 24 hours until " (times::moment(account.until, now))
        }
    };
    html! {
        @match (account.due, account.unaccounted) {
            (0, 0) => {}
            (due, 0) => details.account {
                summary { "All " (words::count(due, "due check")) " " (day) " are accounted for" }
                (outcomes(account))
            },
            (due, unaccounted) => details.account.slow {
                summary {
                    (parts::shape("slow")) " "
                    (words::thousands(unaccounted)) " of " (words::count(due, "due check")) " " (day)
                    @if unaccounted == 1 { " is" } @else { " are" } " not accounted for"
                }
                ul {
                    @for finding in &account.findings { li { (told(finding, names_only)) } }
                    @if account.other_findings > 0 {
                        li { (account.other_findings) " more: consumer verify tells all" }
                    }
                }
                (outcomes(account))
            },
        }
    }
}

fn outcomes(account: &Account) -> Markup {
    let rows = account.outcomes;
    let counts = [
        ("Up", rows.up),
        ("Down", rows.down),
        ("Missed", rows.missed),
        ("Skipped", rows.skipped),
    ];
    html! { dl { @for (word, count) in counts { dt { (word) } dd { (words::thousands(count)) } } } }
}

fn told(finding: &Finding, names_only: bool) -> Markup {
    let title = match &finding.name {
        None if names_only => format!("Website {}", finding.website_id),
        name => words::title(name.as_deref(), Some(&finding.url)),
    };
    html! {
        a href=(parts::website_path(finding.website_id)) { bdi { (title) } }
        " from " bdi { (words::place(&finding.location)) } ": " (finding.wrong) ", "
        (words::count(finding.checks, "check")) " due " (times::time(finding.first, Clock::Day))
        @if finding.last != finding.first { " to " (times::time(finding.last, Clock::Day)) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::account::Outcomes;

    fn account(unaccounted: i64, findings: Vec<Finding>) -> Account {
        let outcomes = Outcomes {
            up: 19_000,
            down: 100,
            missed: 40,
            skipped: 1,
        };
        Account {
            until: "2026-08-27T14:30:00Z".parse().unwrap(),
            due: 19_141 + unaccounted,
            outcomes,
            unaccounted,
            findings,
            other_findings: 0,
        }
    }

    fn said(account: &Account, now: &str) -> String {
        let masthead = Masthead {
            title: "Example",
            names_only: false,
            account: Some(Arc::new(account.clone())),
            is_behind: false,
        };
        foot(&masthead, now.parse().unwrap()).into_string()
    }

    #[test]
    fn a_day_without_findings_is_accounted_for() {
        let whole = account(0, Vec::new());
        let now = said(&whole, "2026-08-27T14:32:00Z");
        assert!(now.contains("All 19,141 due checks of the last 24 hours are accounted for"));
        // An account that grew old does not pass for a new one.
        let later = said(&whole, "2026-08-27T20:00:00Z");
        assert!(later.contains("of the 24 hours until <time"), "{later}");
        let nothing = Account { due: 0, ..whole };
        assert!(!said(&nothing, "2026-08-27T14:32:00Z").contains("account"));
    }

    #[test]
    fn what_has_no_row_is_told_with_whom_and_when() {
        let first = "2026-08-27T03:12:00Z".parse().unwrap();
        let gap = Finding {
            website_id: 3,
            url: "https://me:secret@shop.example/".to_owned(),
            name: None,
            location: "<Virginia>".to_owned(),
            wrong: "no row",
            checks: 12,
            first,
            last: first + SignedDuration::from_mins(11),
        };
        let page = said(&account(12, vec![gap]), "2026-08-27T14:32:00Z");
        assert!(
            page.contains("12 of 19,153 due checks of the last 24 hours are not accounted for")
        );
        assert!(page.contains("class=\"account slow\""));
        assert!(page.contains(">shop.example</bdi>") && page.contains("&lt;Virginia&gt;"));
        assert!(page.contains("no row, 12 checks due") && page.contains("27 Aug 03:12"));
        assert!(!page.contains("secret"));
    }
}
