//! What stands around each page.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{foot, masthead::Masthead};
use crate::{
    assets,
    times::{self, Clock},
};

/// Results are late when none came for so many of the shortest interval, and at least for this.
const LATE_INTERVALS: f64 = 2.0;
const LATE_MIN: SignedDuration = SignedDuration::from_secs(30);

/// How fresh the data is: the newest stored result, not the time of rendering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) now: Timestamp,
    pub(super) newest_at: Option<Timestamp>,
    late_after: SignedDuration,
}

impl Stamp {
    /// `shortest` is the shortest interval, in seconds.
    pub(super) fn new(now: Timestamp, newest_at: Option<Timestamp>, shortest: Option<f64>) -> Self {
        let late_after =
            SignedDuration::try_from_secs_f64(LATE_INTERVALS * shortest.unwrap_or(0.0));
        Self {
            now,
            newest_at,
            late_after: late_after.unwrap_or(SignedDuration::MAX).max(LATE_MIN),
        }
    }

    /// No result came for too long: how things are is not known.
    pub(super) fn is_late(&self) -> bool {
        self.newest_at
            .is_some_and(|at| self.now.duration_since(at) > self.late_after)
    }

    fn show(&self, is_behind: bool) -> Markup {
        let Some(at) = self.newest_at else {
            return html! {};
        };
        let late_after = if is_behind {
            0
        } else {
            self.late_after.as_secs()
        };
        let class = if is_behind || self.is_late() {
            "asof late"
        } else {
            "asof"
        };
        html! {
            p class=(class) data-at=(times::iso(at)) data-late=(late_after) {
                span.opt { "Data " } "as of " (times::time(at, Clock::Seconds))
                @if is_behind { ": the database is slow" }
                @else { span.opt { ", " (times::age(at, self.now)) " ago" } }
            }
        }
    }
}

/// Which entry of the menu a page stands under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Menu {
    Websites,
    Incidents,
    Nowhere,
}

/// A page, whole.
pub(super) struct Layout<'a> {
    pub(super) masthead: &'a Masthead<'a>,
    /// What stands in the browser's tab before the masthead's title.
    pub(super) headline: &'a str,
    pub(super) class: &'static str,
    pub(super) menu: Menu,
    /// By the database's clock: ages count from it, and the page renews itself.
    pub(super) now: Option<Timestamp>,
    pub(super) stamp: Option<Stamp>,
    pub(super) content: Markup,
}

impl Layout<'_> {
    /// All of it.
    pub(super) fn render(self) -> Markup {
        let now = self.now.map(times::iso);
        html! {
            (DOCTYPE)
            html lang="en" data-now=[now] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.headline) " · " (self.masthead.title) }
                    link rel="icon" href=(assets::ICON.path) type="image/svg+xml";
                    link rel="alternate" href="/feed.atom" type="application/atom+xml" title="Incidents";
                    link rel="stylesheet" href=(assets::STYLE.path);
                    script src=(assets::SCRIPT.path) {}
                    noscript { meta http-equiv="refresh" content="60"; }
                }
                body class=(self.class) {
                    a.skip href="#main" { "Skip to content" }
                    (PreEscaped(assets::SYMBOLS))
                    (top(self.masthead, self.menu, self.stamp.as_ref()))
                    .wrap { main #main { (self.content) } }
                    (foot::foot(self.masthead, self.now.unwrap_or_else(Timestamp::now)))
                    .tip role="status" hidden {}
                }
            }
        }
    }
}

fn top(masthead: &Masthead, menu: Menu, stamp: Option<&Stamp>) -> Markup {
    let current = |here| (menu == here).then_some("page");
    html! {
        header.top {
            .wrap {
                a.brand href="/" {
                    svg viewBox="0 0 20 20" aria-hidden="true" {
                        path d="M1 11h4l2.5-7 4.5 13 2.5-8 1 2H19" fill="none" stroke="currentColor"
                            stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" {}
                    }
                    bdi { (masthead.title) }
                }
                nav aria-label="Main" {
                    a href="/" aria-current=[current(Menu::Websites)] { "Websites" }
                    a href="/incidents" aria-current=[current(Menu::Incidents)] { "Incidents" }
                    a href="/#maintenance" { "Maintenance" }
                }
                @if let Some(stamp) = stamp { (stamp.show(masthead.is_behind)) }
                button.btn.theme type="button" hidden aria-label="Switch between light and dark" {
                    svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
                        circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" {}
                        path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_late_after_two_intervals() {
        let now: Timestamp = "2026-08-27T14:32:10Z".parse().unwrap();
        let is_late = |seconds: i64, shortest| {
            let at = now - SignedDuration::from_secs(seconds);
            Stamp::new(now, Some(at), shortest).is_late()
        };
        assert!(!is_late(120, Some(60.0)) && is_late(121, Some(60.0)));
        assert!(!is_late(30, Some(1.0)) && is_late(31, Some(1.0)));
        assert!(!is_late(3600, Some(1e300)));
        assert!(
            !Stamp::new(now, None, None).is_late(),
            "there is nothing to be late"
        );
    }
}
