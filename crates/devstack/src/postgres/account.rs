//! The account that the server runs as: PostgreSQL refuses root.

use std::env;
use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Another account to run as. Where we are not root there is none, and no need of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The account for the server: none of its own unless we are root.
    pub(super) fn for_server() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
        let found = ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(&accounts, name));
        match found {
            Some(account) => Ok(Some(account)),
            None => bail!("PostgreSQL refuses to run as root: add a user called postgres"),
        }
    }

    fn named(accounts: &str, name: &str) -> Option<Self> {
        let fields = accounts
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>());
        let fields = fields
            .into_iter()
            .find(|fields| fields.first() == Some(&name))?;
        Some(Self {
            user: fields.get(2)?.parse().ok()?,
            group: fields.get(3)?.parse().ok()?,
        })
    }

    pub(super) fn runs(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    pub(super) fn owns(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.user), Some(self.group))
            .with_context(|| format!("giving {} to the server's account", path.display()))
    }

    /// Whether it may pass through `folder` and all above it.
    pub(super) fn reaches(self, folder: &Path) -> bool {
        folder
            .ancestors()
            .all(|folder| fs::metadata(folder).is_ok_and(|at| self.may_pass(&at)))
    }

    fn may_pass(self, folder: &Metadata) -> bool {
        let bit = match (folder.uid() == self.user, folder.gid() == self.group) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        folder.mode() & bit != 0
    }
}

/// A folder for a throwaway server, which the server's account can reach.
pub(super) fn temporary_folder(prefix: &str) -> Result<TempDir> {
    let account = Account::for_server()?;
    let places = [
        env::temp_dir(),
        PathBuf::from("/tmp"),
        PathBuf::from("/var/tmp"),
    ];
    let place = places
        .iter()
        .find(|place| account.is_none_or(|account| account.reaches(place)));
    let place = place.context("finding a temporary folder that PostgreSQL's account can reach")?;
    let folder = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in(place)
        .with_context(|| format!("making a folder in {}", place.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_reaches_what_is_open_to_it_and_no_more() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let owner = fs::metadata(&inner).unwrap();
        let stranger = Account {
            user: owner.uid() + 4_000,
            group: owner.gid() + 4_000,
        };
        let myself = Account {
            user: owner.uid(),
            group: owner.gid(),
        };
        fs::set_permissions(outer.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!stranger.reaches(&inner));
        assert!(myself.reaches(&inner));
        fs::set_permissions(outer.path(), Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.reaches(&inner));
    }

    #[test]
    fn an_account_is_read_by_its_whole_name() {
        let accounts =
            "postgres2:x:7:8::/:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var:/bin/sh\n";
        assert_eq!(
            Account::named(accounts, "postgres"),
            Some(Account {
                user: 101,
                group: 104
            })
        );
        assert_eq!(Account::named(accounts, "nobody"), None);
    }
}
