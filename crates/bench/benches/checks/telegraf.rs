//! Telegraf's `http_response`, where one is at hand: another program that asks for the same urls as often.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{service::INTERVAL, watched::Watched};

/// Names the program; without it there is nothing to measure.
const PROGRAM_VARIABLE: &str = "TELEGRAF";
/// One asks for its urls in turn, so there are so many side by side.
const INPUTS: usize = 50;
/// What the monitor seeks, too; it takes no notice of case by itself.
const PATTERN: &str = r"(?i)all systems \w+";
/// Results are thrown away here, while the monitor's go to Kafka.
const AGENT: &str = "[agent]\nquiet = true\nomit_hostname = true\n\n[[outputs.discard]]\n";

/// The program that is at hand.
pub(crate) fn program() -> Result<Option<PathBuf>> {
    let Some(program) = env::var_os(PROGRAM_VARIABLE).filter(|program| !program.is_empty()) else {
        return Ok(None);
    };
    let program = PathBuf::from(program);
    ensure!(
        program.is_file(),
        "{PROGRAM_VARIABLE}: {} is no program",
        program.display()
    );
    Ok(Some(program))
}

/// Starts it for these urls.
pub(crate) fn start(
    program: &Path,
    folder: &Path,
    ca_file: &Path,
    urls: &[String],
) -> Result<Watched> {
    let file = folder.join("telegraf.conf");
    fs::write(&file, configuration(ca_file, urls)?)
        .with_context(|| format!("writing {}", file.display()))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&file);
    command.env_clear().stdout(Stdio::null());
    Watched::start(&mut command, program)
}

/// Its inputs begin one after the other, as the monitor's targets do, and not all at once.
fn configuration(ca_file: &Path, urls: &[String]) -> Result<String> {
    let mut text = String::from(AGENT);
    let size = urls.len().div_ceil(INPUTS).max(1);
    let step = INTERVAL / u32::try_from(INPUTS)?;
    let mut offset = Duration::ZERO;
    for urls in urls.chunks(size) {
        writeln!(
            text,
            "\n[[inputs.http_response]]\nurls = {urls:?}\ninterval = \"{}ms\"\ncollection_offset = \"{}ms\"\n\
             response_string_match = '{PATTERN}'\ntls_ca = '{}'",
            INTERVAL.as_millis(),
            offset.as_millis(),
            ca_file.display(),
        )?;
        offset += step;
    }
    Ok(text)
}
