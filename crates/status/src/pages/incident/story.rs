//! What happened, in order.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    pages::parts,
    queries::{Decided, IncidentPage, Told},
    state::State,
    times::{self, Clock},
    words,
};

/// Websites of one cause that are told one by one.
const TOLD_MAX: usize = 6;

/// A step of the story.
struct Step {
    at: Timestamp,
    class: &'static str,
    words: String,
}

/// The steps.
pub(super) fn story(page: &IncidentPage) -> Markup {
    let mut steps: Vec<_> = page.alike.iter().take(TOLD_MAX).flat_map(of_one).collect();
    steps.extend(page.alerts.iter().map(|told| Step {
        at: told.sent_at,
        class: "note",
        words: alert(told),
    }));
    if page.alike.iter().any(|it| it.closed_at.is_none()) {
        steps.push(Step {
            at: page.span.now,
            class: "note",
            words: "Still open".to_owned(),
        });
    }
    steps.sort_by_key(|step| step.at);
    html! {
        section aria-labelledby="tl" {
            .head { h2 #tl { "What happened" } }
            ol.card.pad.line {
                @for step in &steps {
                    li class=(step.class) {
                        (times::time(step.at, Clock::Seconds)) (parts::shape(step.class)) p { bdi { (step.words) } }
                    }
                }
            }
        }
    }
}

/// "Alert to on-call: 3 websites down"
fn alert(told: &Told) -> String {
    let websites = words::count(told.websites, "website");
    let what = match &*told.kind {
        "up" => "up again",
        "reminder" => "still down",
        kind => kind,
    };
    format!("Alert to {}: {websites} {what}", told.receiver)
}

fn of_one(one: &Decided) -> Vec<Step> {
    let title = one.incident.title();
    let step = |at: Option<Timestamp>, is_open, words: &str| {
        let class = state(is_open).class();
        let words = format!("{title}: {words}");
        Some(Step {
            at: at?,
            class,
            words,
        })
    };
    let seen = format!(
        "down, as {} of {} locations saw it",
        one.locations_down, one.locations_heard
    );
    let steps = [
        step(one.incident.last_good_at, false, "last good check"),
        step(Some(one.incident.started_at), true, "first failed check"),
        step(Some(one.opened_at), true, &seen),
        step(one.incident.ended_at, false, "first good check"),
        step(one.closed_at, false, "up again"),
    ];
    steps.into_iter().flatten().collect()
}

/// How an incident is, as a state.
const fn state(is_open: bool) -> State {
    if is_open { State::Down } else { State::Up }
}
