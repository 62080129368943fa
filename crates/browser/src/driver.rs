//! chromedriver, one for each process: it starts the browsers, and ends with this process.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{free_port, in_new_session};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

/// A cold machine reads the program from its disk first.
const READY_MAX: Duration = Duration::from_mins(1);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Waits for the end of the pipe, which is the end of our process, however it ends. chromedriver leaves its
/// browsers behind when it is told to end; but all of them are of its process group.
const WATCH: &str = r#"
read -r _
kill -s TERM -- "-$1"
sleep 1
kill -s KILL -- "-$1"
rm -rf -- "$2"
"#;

static DRIVER: OnceCell<Driver> = OnceCell::const_new();

/// It is never dropped: what watches ends it, and removes its folder.
#[derive(Debug)]
struct Driver {
    address: String,
    /// Holds the pipe.
    _watchdog: Child,
}

/// Where it listens; it is started first where it is not yet.
pub(crate) async fn address() -> Result<&'static str> {
    let driver = DRIVER.get_or_try_init(Driver::start).await?;
    Ok(&driver.address)
}

impl Driver {
    async fn start() -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        // Browsers keep their profiles there.
        let folder = TempDir::with_prefix("websites-monitor-browser-")
            .context("making a folder for browsers")?
            .keep();
        let child = in_new_session(Path::new("chromedriver"))
            .arg(format!(
                "--port={}",
                address.rsplit(':').next().unwrap_or_default()
            ))
            .env("TMPDIR", &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting chromedriver, which `make test` installs")?;
        let watchdog = in_new_session(Path::new("sh"))
            .args(["-c", WATCH, "watchdog"])
            .arg(child.id().to_string())
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting what ends chromedriver")?;
        let is_there = async {
            while TcpStream::connect(&address).await.is_err() {
                sleep(LOOK_INTERVAL).await;
            }
        };
        timeout(READY_MAX, is_there)
            .await
            .context("chromedriver does not listen")?;
        Ok(Self {
            address,
            _watchdog: watchdog,
        })
    }
}
