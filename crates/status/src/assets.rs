//! Style sheet, script and icon: within the binary, under names that change with their contents, so
//! that a browser keeps them for ever.

use std::{hash::Hasher, sync::LazyLock};

use twox_hash::XxHash64;

/// A file that pages ask for.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Where it is served.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) content: &'static str,
}

/// The look.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/style.css");
    asset("style", "css", "text/css; charset=utf-8", content)
});
/// What enriches the page.
pub(crate) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/page.js");
    asset("page", "js", "text/javascript; charset=utf-8", content)
});
/// What stands in the browser's tab.
pub(crate) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    asset(
        "icon",
        "svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    )
});

/// The shapes that pages refer to: each page holds them.
pub(crate) const SYMBOLS: &str = include_str!("../assets/symbols.svg");

/// All files.
pub(crate) fn all() -> [&'static Asset; 3] {
    [&STYLE, &SCRIPT, &ICON]
}

/// A short name of what a text holds.
pub(crate) fn digest(text: &str) -> String {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

fn asset(name: &str, ending: &str, content_type: &'static str, content: &'static str) -> Asset {
    Asset {
        path: format!("/assets/{name}-{}.{ending}", digest(content)),
        content_type,
        content,
    }
}
