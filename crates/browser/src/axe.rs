//! axe-core, which judges whether everybody can use a page: fetched by Maven once per checkout, and
//! known by its checksum.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::OnceCell;

const VERSION: &str = "4.6.3";
/// Of the file that is run.
const CHECKSUM: &str = "bce86593db20af2ae95193afebcd356bdb9886e1ba67f3412663896f46804104";
const PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";
/// Networks fail for a moment.
const FETCH_ATTEMPTS_MAX: u32 = 3;

static SCRIPT: OnceCell<String> = OnceCell::const_new();

/// The script that judges.
pub(crate) async fn script() -> Result<&'static str> {
    let script = SCRIPT.get_or_try_init(|| async {
        tokio::task::spawn_blocking(read)
            .await
            .context("waiting for axe-core")?
    });
    Ok(script.await?)
}

fn read() -> Result<String> {
    let home = devstack::root()?.join(".devstack");
    let file = home.join(format!("axe-core-{VERSION}.min.js"));
    if !file.is_file() {
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        fetch(&home, &file)?;
    }
    fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
}

/// Fetches to another folder and renames it: whoever comes second only does it again.
fn fetch(home: &Path, file: &Path) -> Result<()> {
    let work = tempfile::Builder::new()
        .prefix("axe-fetch-")
        .tempdir_in(home)
        .with_context(|| format!("making a folder in {}", home.display()))?;
    let mut attempts = 1..=FETCH_ATTEMPTS_MAX;
    while let Err(error) = unpack(work.path()) {
        attempts.next();
        ensure!(!attempts.is_empty(), error);
    }
    let inside = format!("META-INF/resources/webjars/axe-core/{VERSION}/axe.min.js");
    let fetched = work.path().join(inside);
    let bytes = fs::read(&fetched).with_context(|| format!("reading {}", fetched.display()))?;
    let found = checksum(&bytes);
    ensure!(
        found == CHECKSUM,
        "axe-core {VERSION} is not what it was: its checksum is {found}"
    );
    fs::rename(&fetched, file).with_context(|| format!("naming {}", file.display()))
}

fn unpack(folder: &Path) -> Result<()> {
    let output = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "-Dstyle.color=never", PLUGIN])
        .arg(format!("-Dartifact=org.webjars.npm:axe-core:{VERSION}"))
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .arg("-Dmdep.unpack.includes=**/axe.min.js")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("starting Maven (mvn), which `make setup` installs")?;
    ensure!(
        output.status.success(),
        "Maven could not fetch axe-core: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

fn checksum(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let pairs: Vec<_> = digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    pairs.concat()
}
