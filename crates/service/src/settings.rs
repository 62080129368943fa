//! The environment, read once into typed values, with all problems listed at once.
//!
//! A service declares each setting as a constant and reads it in one place; `--help` lists what was
//! read. `.env` in the working directory fills in what the environment lacks.

mod characters;
mod env_file;
mod layers;
mod names;
mod problems;
mod reader;
mod secret;
mod setting;
mod variables;

pub use env_file::EnvFile;
pub use problems::InvalidSettings;
pub use reader::Reader;
pub use secret::secret_of;
pub use setting::{DefaultValue, Setting};
pub use variables::Variables;

#[cfg(test)]
mod tests;
