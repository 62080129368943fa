//! Whether each check that was due is accounted for. Whoever proves it hands it in.

use jiff::Timestamp;

/// What became of the checks that were due in a day, of all websites that may be seen.
#[derive(Clone, Debug)]
pub struct Account {
    /// The end of the day.
    pub until: Timestamp,
    /// How many checks were due.
    pub due: i64,
    /// How many of them have a row, by its outcome.
    pub outcomes: Outcomes,
    /// How many are not accounted for: they have no row, or more than one, or were not due.
    pub unaccounted: i64,
    /// Which ones, of the first places.
    pub findings: Vec<Finding>,
    /// How many findings there are besides.
    pub other_findings: usize,
}

/// Rows by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Of checks that found the website well.
    pub up: i64,
    /// Of checks that did not.
    pub down: i64,
    /// Of checks that nobody made.
    pub missed: i64,
    /// Of checks that nobody was to make.
    pub skipped: i64,
}

/// Checks of a website at a location that are not accounted for.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The website's id.
    pub website_id: i64,
    /// Its address, with what is secret in it.
    pub url: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Who should have looked.
    pub location: String,
    /// What is wrong, in a person's words: "no row".
    pub wrong: &'static str,
    /// How many checks they are.
    pub checks: i64,
    /// When the first was due.
    pub first: Timestamp,
    /// When the last was due.
    pub last: Timestamp,
}

impl std::ops::AddAssign for Outcomes {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.down += other.down;
        self.missed += other.missed;
        self.skipped += other.skipped;
    }
}
