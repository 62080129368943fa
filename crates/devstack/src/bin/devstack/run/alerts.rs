//! A receiver of the demo's own: what it is told stands between the lines of the services.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use devstack::{Inbox, Posted};
use tokio::task::JoinSet;

use super::terminal;

/// Plain text, so that what is printed is what was posted.
const RECEIVER: &str = "[[receiver]]\nname = \"terminal\"\ntype = \"webhook\"\n\
                        content_type = \"text/plain\"\ntemplate = \"{{ headline }}\\n{{ text }}\"\n";

/// The receiver. It ends when this is dropped.
pub(super) struct Alerts {
    /// The file that names it.
    pub(super) file: PathBuf,
    _printer: JoinSet<()>,
}

impl Alerts {
    /// Starts it, and writes the file into a folder.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        let mut inbox = Inbox::start().await?;
        let file = folder.join("alerts.toml");
        let text = format!("{RECEIVER}url = \"{}\"\n", inbox.url());
        std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        let mut printer = JoinSet::new();
        printer.spawn(async move {
            while let Some(posted) = inbox.next().await {
                print(&posted);
            }
        });
        Ok(Self {
            file,
            _printer: printer,
        })
    }
}

/// The headline, and all else below it.
fn print(posted: &Posted) {
    for (number, line) in posted.body.lines().enumerate() {
        if number == 0 {
            terminal::alert(line);
        } else {
            terminal::alert(&format!("  {line}"));
        }
    }
}
