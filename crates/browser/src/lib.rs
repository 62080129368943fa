//! A real browser for the tests of the status page, and for its pictures.
//!
//! - `driver`: chromedriver, one for each process, which ends with it.
//! - `screen`: what a browser looks at pages by. `session`: a browser of a test's own.
//! - `log`, `devtools`: what chromedriver knows beyond `WebDriver`.
//! - `axe`: what judges whether everybody can use a page.

mod axe;
mod devtools;
mod driver;
mod log;
mod screen;
mod session;

pub use screen::Screen;
pub use session::Browser;
