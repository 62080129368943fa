//! What is the matter with each site.

use std::time::Duration;

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
/// How long the shops are well, and then broken, all at once: long enough for two checks that fail.
const WELL: Duration = Duration::from_secs(90);
const BROKEN: Duration = Duration::from_mins(1);

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
}

impl Turns {
    /// Whether it is broken after so long.
    pub(super) fn is_broken(elapsed: Duration) -> bool {
        let cycle = (WELL + BROKEN).as_millis();
        elapsed.as_millis() % cycle >= WELL.as_millis()
    }
}

/// A site: its name, its regexp, its behaviour.
pub(super) type Sample = (&'static str, &'static str, Behaviour);

/// Each of them.
pub(super) fn behaviours(authority: &Authority) -> Result<Vec<Sample>> {
    let shops = SHOPS.map(|name| (name, r"shop is \w+", shop()));
    Ok(ailing(authority)?.into_iter().chain(shops).collect())
}

fn shop() -> Behaviour {
    Behaviour::Turns(Turns {
        well: Page::html("The shop is open."),
        broken: Page::html("The shop's database is away.").with_status(500),
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
