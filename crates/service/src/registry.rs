//! A schema registry, as Confluent's API has it: Confluent's, Redpanda's, Karapace, Apicurio.

mod answer;
mod client;
mod error;
mod settings;

pub use client::{Registry, backoff, subject};
pub use error::RegistryError;
pub use settings::RegistrySettings;

#[cfg(test)]
mod tests;
