//! What the kernel's process table says, read from /proc.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Pid;

/// Whether `pid` is a living process with `marker` in its command line.
pub(super) fn runs(pid: Pid, marker: &Path) -> bool {
    // The command line of a zombie is empty.
    let arguments = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
    let marker = marker.as_os_str().as_bytes();
    arguments.is_ok_and(|line| line.windows(marker.len()).any(|part| part == marker))
}

/// Whether `pid` exists and is no zombie.
pub(super) fn is_alive(pid: Pid) -> bool {
    stat(&pid.as_raw_nonzero().to_string()).is_some_and(|stat| stat.state != 'Z')
}

/// The processes whose parent is `pid`.
pub(super) fn children(pid: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|name| stat(name).is_some_and(|stat| stat.parent == pid.as_raw_nonzero().get()))
        .filter_map(|name| name.parse().ok().and_then(Pid::from_raw))
        .collect()
}

struct Stat {
    state: char,
    parent: i32,
}

fn stat(pid: &str) -> Option<Stat> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses and may hold anything, so count from its end.
    let (_, fields) = line.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    Some(Stat {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_child_is_seen_by_parent_and_command_line_until_it_ends() {
        let mut child = Command::new("sleep").arg("61.25").spawn().unwrap();
        let pid = Pid::from_child(&child);
        let me = rustix::process::getpid();
        assert!(children(me).contains(&pid));
        assert!(is_alive(pid));
        // Between fork and exec the child still wears our own command line.
        while !runs(pid, Path::new("sleep")) {
            std::thread::yield_now();
        }
        assert!(runs(pid, Path::new("61.25")));
        assert!(!runs(pid, Path::new("/some/other/folder")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(pid));
        assert!(!runs(pid, Path::new("61.25")));
    }
}
