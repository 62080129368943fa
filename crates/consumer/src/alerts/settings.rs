//! What the environment says of alerts.

use std::{path::Path, sync::Arc, time::Duration};

use notify::Receivers;
use service::settings::{Reader, Setting};

use super::groups::{GroupSlo, read_group_slos};

const ALERTS_FILE: Setting = Setting::optional(
    "ALERTS_FILE",
    "a TOML file that says who is told of incidents, and how; unset: nobody",
);
const ALERT_GROUP_WAIT: Setting = Setting::with_default(
    "ALERT_GROUP_WAIT",
    "30",
    "seconds that an alert waits for others of the same cause",
);
const STATUS_URL: Setting = Setting::optional(
    "STATUS_URL",
    "where people see the status page, for links in alerts",
);

/// Who is told of incidents, and how.
#[derive(Clone, Debug)]
pub struct AlertSettings {
    /// Everybody who can be told.
    pub receivers: Arc<Receivers>,
    /// How long an alert waits for others of the same cause.
    pub group_wait: Duration,
    /// Where people see more, without a slash at its end.
    pub status_url: Option<String>,
    /// What groups of websites aim at together.
    pub group_slos: Vec<GroupSlo>,
}

/// What `consumer alert-test` needs to know.
#[derive(Debug)]
pub struct AlertTestSettings {
    /// Everybody who can be told.
    pub receivers: Arc<Receivers>,
}

impl AlertSettings {
    /// Reads the settings, and the file that they name.
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let status_url = reader.optional_text(&STATUS_URL);
        // In the order of the documentation.
        Self {
            receivers: read_receivers(reader),
            group_wait: reader.seconds(&ALERT_GROUP_WAIT),
            status_url: status_url.map(|url| url.trim_end_matches('/').to_owned()),
            group_slos: read_group_slos(reader),
        }
    }
}

impl AlertTestSettings {
    /// Reads the file.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            receivers: read_receivers(reader),
        }
    }
}

fn read_receivers(reader: &mut Reader) -> Arc<Receivers> {
    let Some(path) = reader.optional_text(&ALERTS_FILE) else {
        return Arc::default();
    };
    let variables = reader.variables();
    match Receivers::read(Path::new(&path), &|name| variables.get(name)) {
        Ok(receivers) => Arc::new(receivers),
        Err(problems) => {
            for problem in problems {
                reader.problem(&ALERTS_FILE, problem);
            }
            Arc::default()
        }
    }
}
