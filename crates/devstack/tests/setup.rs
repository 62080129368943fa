//! `setup.sh` on a machine where little is there and nothing may be installed.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// All that the script itself is made of.
const TOOLS: [&str; 9] = [
    "sh", "sed", "head", "tr", "uname", "ls", "cat", "dirname", "grep",
];

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn write_program(file: &Path, text: &str) -> Result<()> {
    fs::write(file, format!("#!/bin/sh\n{text}\n"))?;
    Ok(fs::set_permissions(file, Permissions::from_mode(0o755))?)
}

#[test]
fn what_is_missing_ends_in_one_line_to_paste() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let programs = folder.path().join("programs");
    fs::create_dir(&programs)?;
    for tool in TOOLS {
        let program = on_path(tool).with_context(|| format!("{tool} is not in the PATH"))?;
        symlink(program, programs.join(tool))?;
    }
    write_program(&programs.join("id"), "echo 1000")?;
    write_program(&programs.join("apt-get"), "exit 1")?;
    write_program(&programs.join("apt-cache"), "echo '  Candidate: 2:1.17-74'")?;
    // A checkout without Kafka's jars, for which Maven is needed.
    let crate_folder = folder.path().join("crates/devstack");
    fs::create_dir_all(&crate_folder)?;
    let script = crate_folder.join("setup.sh");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::copy(ours.join("setup.sh"), &script)?;
    fs::copy(
        ours.join("../../Cargo.toml"),
        folder.path().join("Cargo.toml"),
    )?;

    let output = Command::new("sh")
        .arg(&script)
        .args(["build", "stack", "lint"])
        .env_clear()
        .env("PATH", &programs)
        .output()?;
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("  sudo apt-get install "), "{said}");
    for package in [
        "build-essential",
        "libssl-dev",
        "default-jre-headless",
        "maven",
        "postgresql-client",
    ] {
        assert!(last.split(' ').any(|word| word == package), "{said}");
    }
    assert!(said.contains("https://rustup.rs"), "{said}");
    Ok(())
}
