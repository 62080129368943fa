//! The pages in a real browser.

mod live;
mod names;
mod numbers;
mod shops;
mod sound;
