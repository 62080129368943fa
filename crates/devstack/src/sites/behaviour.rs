//! What is the matter with each site.

use std::time::Duration;

use anyhow::Result;

use super::page::Page;
use crate::certificates::{Authority, Identity};

/// Long enough to be seen as slow, short enough to be waited for.
const SLOW: Duration = Duration::from_secs(2);
/// Five times what the monitor reads of a page unless told otherwise.
const BIG_BYTES: usize = 5 << 20;
/// How many there are.
pub(super) const SITES: usize = 13;

/// What a site does with a connection.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    Answer(Page),
    AnswerByTls(Page, Identity),
    Hang,
    Refuse,
}

/// Name, regexp and behaviour of each site.
pub(super) fn behaviours(
    authority: &Authority,
) -> Result<[(&'static str, &'static str, Behaviour); SITES]> {
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
