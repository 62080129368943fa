//! Chromium's own protocol, for what `WebDriver` has no word for.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::screen::Screen;

/// A command of that protocol.
#[derive(Debug)]
pub(crate) struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl Devtools {
    /// The size of the page: a window has a least width that is more than a phone's.
    pub(crate) fn size(screen: &Screen) -> Self {
        Self {
            command: "Emulation.setDeviceMetricsOverride",
            parameters: json!({ "width": screen.width, "height": screen.height,
                "deviceScaleFactor": screen.scale, "mobile": false }),
        }
    }

    /// Whether the system is dark.
    pub(crate) fn scheme(screen: &Screen) -> Self {
        let value = if screen.is_dark { "dark" } else { "light" };
        Self {
            command: "Emulation.setEmulatedMedia",
            parameters: json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        }
    }

    /// Whether pages may run scripts. Ours are run all the same.
    pub(crate) fn scripts(screen: &Screen) -> Self {
        Self {
            command: "Emulation.setScriptExecutionDisabled",
            parameters: json!({ "value": !screen.has_scripts }),
        }
    }

    /// A picture of the page down to a height.
    pub(crate) fn picture(width: u32, height: u32) -> Self {
        Self {
            command: "Page.captureScreenshot",
            parameters: json!({ "captureBeyondViewport": true,
                "clip": { "x": 0, "y": 0, "width": width, "height": height, "scale": 1 } }),
        }
    }
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}
