//! What is the matter with each site.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::page::Page;
use crate::certificates::{Authority, Identity};

/// Long enough to be seen as slow, short enough to be waited for.
const SLOW: Duration = Duration::from_secs(2);
/// Five times what the monitor reads of a page unless told otherwise.
const BIG_BYTES: usize = 5 << 20;
/// Shops that break together, for one cause.
const SHOPS: [&str; 8] = [
    "shop books",
    "shop flowers",
    "shop games",
    "shop hats",
    "shop music",
    "shop shoes",
    "shop tea",
    "shop wine",
];
/// How many there are.
pub(super) const SITES: usize = AILING + SHOPS.len();
const AILING: usize = 13;
/// The shops break all at once, every two and a half minutes; for the first time so soon after their first
/// visitor that a minute shows it all: a check that is well, two that fail, the alert, and the end.
const CYCLE: Duration = Duration::from_secs(150);
const BREAKS_AFTER: Duration = Duration::from_secs(15);
const WELL_AFTER: Duration = Duration::from_secs(40);

/// What a site does with a connection.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    Answer(Page),
    AnswerByTls(Page, Identity),
    /// One page, and from time to time the other.
    Turns(Turns),
    Hang,
    Refuse,
}

/// A page that breaks from time to time.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    pub(super) well: Page,
    pub(super) broken: Page,
    pub(super) clock: Clock,
}

/// Goes from the first visitor of any shop on.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<OnceLock<Instant>>);

impl Clock {
    /// Whether the shops are broken now.
    pub(super) fn shows_broken(&self) -> bool {
        is_broken(self.0.get_or_init(Instant::now).elapsed())
    }
}

/// Whether they are after so long.
fn is_broken(elapsed: Duration) -> bool {
    let in_cycle = elapsed.as_millis() % CYCLE.as_millis();
    (BREAKS_AFTER.as_millis()..WELL_AFTER.as_millis()).contains(&in_cycle)
}

/// A site: its name, its regexp, its behaviour.
pub(super) type Sample = (&'static str, &'static str, Behaviour);

/// Each of them.
pub(super) fn behaviours(authority: &Authority) -> Result<Vec<Sample>> {
    let clock = Clock::default();
    let shops = SHOPS.map(|name| (name, r"shop is \w+", shop(clock.clone())));
    Ok(ailing(authority)?.into_iter().chain(shops).collect())
}

/// By a status that no other sample has: those who join a cause that was told already are told only once five
/// minutes have passed, and the demo would show no alert of the shops.
fn shop(clock: Clock) -> Behaviour {
    Behaviour::Turns(Turns {
        well: Page::html("The shop is open."),
        broken: Page::html("The shop's database is away.").with_status(503),
        clock,
    })
}

/// Those that are always the same, well or ailing.
fn ailing(authority: &Authority) -> Result<[Sample; AILING]> {
    use Behaviour::{Answer, AnswerByTls, Hang, Refuse};
    let well = Page::html("All systems are well today.");
    Ok([
        ("well", r"systems are \w+", Answer(well.clone())),
        (
            "without the text",
            "All tickets are in stock",
            Answer(Page::html("Sold out.")),
        ),
        ("slow", r"systems are \w+", Answer(well.clone().after(SLOW))),
        (
            "failing",
            "Welcome",
            Answer(Page::html("Something broke.").with_status(500)),
        ),
        ("hanging", "Welcome", Hang),
        ("refusing", "Welcome", Refuse),
        (
            "redirecting",
            "Welcome",
            Answer(Page::redirect("/elsewhere")),
        ),
        (
            "big",
            "The end of a long story",
            Answer(Page::long(BIG_BYTES)),
        ),
        (
            "compressed",
            r"systems are \w+",
            Answer(well.clone().compressed()?),
        ),
        (
            "encrypted",
            r"systems are \w+",
            AnswerByTls(well.clone(), authority.server()?),
        ),
        (
            "expired",
            r"systems are \w+",
            AnswerByTls(well.clone(), authority.expired_server()?),
        ),
        (
            "self-signed",
            r"systems are \w+",
            AnswerByTls(well.clone(), Identity::self_signed()?),
        ),
        (
            "wrong host",
            r"systems are \w+",
            AnswerByTls(well, authority.server_elsewhere()?),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shops_fail_for_a_cause_of_their_own() {
        let Behaviour::Turns(Turns { broken, .. }) = shop(Clock::default()) else {
            panic!("a shop that never breaks");
        };
        for (name, _, behaviour) in ailing(&Authority::new("Sample sites").unwrap()).unwrap() {
            if let Behaviour::Answer(page) | Behaviour::AnswerByTls(page, _) = behaviour {
                assert_ne!(page.status(), broken.status(), "{name}");
            }
        }
    }

    #[test]
    fn a_minute_shows_the_shops_well_broken_and_well_again() {
        // The demo checks every ten seconds, and calls down what failed twice.
        let interval = 10;
        for first in 0..interval {
            let seen = |second| is_broken(Duration::from_secs(second));
            let checks: Vec<_> = (first..60).step_by(10).map(seen).collect();
            let broken = checks.iter().filter(|it| **it).count();
            assert!(!checks[0] && broken >= 2, "{first}: {checks:?}");
            assert_eq!(checks.last(), Some(&false), "{first}");
        }
        assert!((60..165).all(|second| !is_broken(Duration::from_secs(second))));
        assert!(is_broken(Duration::from_secs(165)));
    }
}
