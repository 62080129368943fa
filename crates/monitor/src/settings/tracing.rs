//! Of which checks a trace is told.

use service::settings::{Reader, Setting};

use crate::publish::Sampling;

const OTEL_TRACES_SAMPLER_ARG: Setting = Setting::with_default(
    "OTEL_TRACES_SAMPLER_ARG",
    "1",
    "of how many checks a trace is told, from 0 to 1: 0.01 is every hundredth",
);

/// Of which checks a trace is told.
pub(super) fn read_sampling(reader: &mut Reader) -> Sampling {
    let text = reader.text(&OTEL_TRACES_SAMPLER_ARG);
    let share = text.trim().parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    if share.is_none() {
        let problem = format_args!("{text:?} is not a number from 0 to 1, such as 0.01");
        reader.problem(&OTEL_TRACES_SAMPLER_ARG, problem);
    }
    Sampling::new(share.unwrap_or_default())
}
