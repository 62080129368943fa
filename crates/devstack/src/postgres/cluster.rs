//! The data of one server: made once, owned by the account that the server runs as.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::account::Account;
use super::programs;
use crate::files::{read_trimmed, write_secret};
use crate::notice::say;
use crate::random;

/// Who may do everything in it.
pub(super) const SUPERUSER: &str = "postgres";

/// A cluster in PostgreSQL's sense: all databases of one server.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Where the data really is, also when the server's folder only has a link to it.
    data: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
    password: String,
}

impl Cluster {
    /// The cluster that is kept in `folder`, made already or not yet.
    pub(super) fn at(folder: &Path) -> Result<Self> {
        let account = Account::for_server()?;
        let data = data_folder(folder, account)?;
        let major = read_trimmed(&data.join("PG_VERSION"));
        let programs = programs::folder(major.as_deref())
            .with_context(|| format!("finding programs for the databases in {}", data.display()))?;
        let password_file = folder.join("password");
        let password = match read_trimmed(&password_file).filter(|word| !word.is_empty()) {
            Some(password) => password,
            None => random::word()?,
        };
        write_secret(&password_file, &password)?;
        Ok(Self {
            data,
            programs,
            account,
            password,
        })
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Makes a command run as the cluster's owner.
    pub(super) fn as_its_owner(&self, command: &mut Command) {
        // The current folder may be closed to that account.
        command.current_dir("/");
        if let Some(account) = self.account {
            account.runs(command);
        }
    }

    /// Writes a file that the server alone may read, beside its data.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.data.join(name);
        write_secret(&file, text)?;
        self.give(&file)?;
        Ok(file)
    }

    /// Makes the data folder under another name first, so that it is whole or not there.
    pub(super) async fn make_once(&self) -> Result<()> {
        if self.data.join("PG_VERSION").is_file() {
            return Ok(());
        }
        let unfinished = self.data.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)
                .with_context(|| format!("removing {}", unfinished.display()))?;
        }
        self.make_own_folder(&unfinished)?;
        let password_file = self.data.with_extension("password");
        write_secret(&password_file, &self.password)?;
        self.give(&password_file)?;
        let made = self.run_initdb(&unfinished, &password_file).await;
        fs::remove_file(&password_file).context("removing initdb's password file")?;
        made?;
        fs::rename(&unfinished, &self.data)
            .with_context(|| format!("naming {}", self.data.display()))
    }

    /// Makes the data folder by copying a running server's, which it is to follow.
    pub(super) async fn copy_of(&self, superuser_uri: &str) -> Result<()> {
        let mut command = Command::new(self.program("pg_basebackup"));
        command
            .args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf"])
            .arg(format!("--dbname={superuser_uri}"))
            .arg("--pgdata")
            .arg(&self.data);
        self.make_own_folder(&self.data)?;
        self.run(command)
            .await
            .context("copying the primary by pg_basebackup")
    }

    async fn run_initdb(&self, data: &Path, password_file: &Path) -> Result<()> {
        let mut command = Command::new(self.program("initdb"));
        command
            .args([
                "--encoding=UTF8",
                "--no-locale",
                "--auth=scram-sha-256",
                "--no-instructions",
            ])
            .args(["--no-sync", &format!("--username={SUPERUSER}")])
            .arg(format!("--pwfile={}", password_file.display()))
            .arg("--pgdata")
            .arg(data);
        let made = self.run(command).await;
        made.with_context(|| format!("making {} by initdb", data.display()))
    }

    /// Runs one of PostgreSQL's programs to its end, as the cluster's owner.
    async fn run(&self, mut command: Command) -> Result<()> {
        command.stdin(Stdio::null());
        self.as_its_owner(&mut command);
        let mut command = tokio::process::Command::from(command);
        let output = command
            .output()
            .await
            .context("starting a program of PostgreSQL's")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    /// After a reboot the process id in PostgreSQL's own note may be somebody else's, and the
    /// server would then refuse to start. It is called only when our server does not run.
    pub(super) fn forget_stranger(&self) -> Result<()> {
        let note = self.data.join("postmaster.pid");
        let pid = read_trimmed(&note)
            .and_then(|text| text.lines().next().map(str::to_owned))
            .filter(|pid| Path::new("/proc").join(pid).exists());
        let Some(pid) = pid else { return Ok(()) };
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        if program.file_name().is_some_and(|name| name == "postgres") {
            return Ok(());
        }
        fs::remove_file(&note).with_context(|| format!("removing the stale {}", note.display()))
    }

    /// Makes a folder that the server's account alone may enter.
    fn make_own_folder(&self, folder: &Path) -> Result<()> {
        fs::create_dir(folder)
            .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700)))
            .with_context(|| format!("making {}", folder.display()))?;
        self.give(folder)
    }

    fn give(&self, path: &Path) -> Result<()> {
        self.account.map_or(Ok(()), |account| account.owns(path))
    }
}

/// `folder/data`, or, where the server's account cannot reach that (a checkout in root's own home,
/// say), a folder elsewhere with a link to it.
fn data_folder(folder: &Path, account: Option<Account>) -> Result<PathBuf> {
    let data = folder.join("data");
    if let Ok(elsewhere) = fs::read_link(&data) {
        if elsewhere.parent().is_some_and(Path::is_dir) {
            return Ok(elsewhere);
        }
        // Somebody has tidied up there; what is left is a link to nowhere.
        fs::remove_file(&data).with_context(|| format!("removing {}", data.display()))?;
    }
    match account {
        Some(account) if !account.reaches(folder) => {
            let elsewhere = tempfile::Builder::new()
                .prefix("websites-monitor-postgres-")
                .permissions(Permissions::from_mode(0o711))
                .tempdir_in("/var/tmp")
                .context("making a folder for PostgreSQL's data in /var/tmp")?
                .keep()
                .join("data");
            say(format_args!(
                "PostgreSQL's account cannot reach {}: its data goes to {}",
                folder.display(),
                elsewhere.display()
            ));
            symlink(&elsewhere, &data).with_context(|| format!("making {}", data.display()))?;
            Ok(elsewhere)
        }
        _ => Ok(data),
    }
}
