//! What Prometheus is told of websites, by `blackbox_exporter`'s names: `/probe?target=…` answers for
//! one, `/probes` for all, from the last results. Nothing is probed for a question.
//!
//! - `website`: what is known of a website. `series`: what is told of it. `text`: how that is written.
//! - `asked`: whom a question names. `router`: the two addresses.

mod asked;
mod router;
mod series;
mod text;
mod website;

pub use self::{
    asked::Asked,
    router::{Source, router},
    series::series,
    website::{About, Checks, Phases, Seen, Website},
};

#[cfg(test)]
mod tests;
