//! Ports of our own on the loopback address.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::poll::holds_within;
use crate::random;

/// Below the range from which the kernel takes the ports of outgoing connections: a server that is
/// stopped and started again finds its port free, and a client that knocks at it meanwhile cannot
/// be given that very port and so be connected to itself.
const RANGE: Range<u16> = 20_000..32_000;

/// A server that was killed a moment ago may hold its port for as long as its memory takes to go.
const RELEASE_MAX: Duration = Duration::from_secs(3);

/// What this process has handed out, since a port is free until its server binds it.
static TAKEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A free port that this process has not handed out before.
pub fn free_port() -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ports = RANGE.end - RANGE.start;
    let start = u16::from_le_bytes(random::bytes()?) % ports;
    for step in 0..ports {
        let port = RANGE.start + (start + step) % ports;
        if is_free(port) && taken.insert(port) {
            return Ok(port);
        }
    }
    bail!(
        "no port between {} and {} is free on 127.0.0.1",
        RANGE.start,
        RANGE.end
    )
}

/// Whether nobody listens there.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The ports noted in `file`, or new ones where there is no such file or one of them stays in use.
pub(crate) async fn kept_ports<const N: usize>(file: &Path) -> Result<[u16; N]> {
    if let Some(ports) = noted_ports(file)?
        && holds_within(RELEASE_MAX, || ports.iter().copied().all(is_free)).await
    {
        return Ok(ports);
    }
    let mut ports = [0; N];
    for port in &mut ports {
        *port = free_port()?;
    }
    let text = ports.map(|port| format!("{port}\n")).concat();
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(ports)
}

/// The ports noted in `file`, in use or not.
pub(crate) fn noted_ports<const N: usize>(file: &Path) -> Result<Option<[u16; N]>> {
    match fs::read_to_string(file) {
        // A file that was cut short by a crash counts as none.
        Ok(text) => Ok(text
            .lines()
            .map(str::parse)
            .collect::<Result<Vec<u16>, _>>()
            .ok()
            .and_then(|ports| ports.try_into().ok())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn noted_ports_are_kept_until_one_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ports");
        let first: [u16; 2] = kept_ports(&file).await.unwrap();
        assert_eq!(kept_ports(&file).await.unwrap(), first);
        let _squatter = TcpListener::bind((Ipv4Addr::LOCALHOST, first[1])).unwrap();
        let second: [u16; 2] = kept_ports(&file).await.unwrap();
        assert!(second.iter().all(|port| !first.contains(port)));
        assert_eq!(noted_ports(&file).unwrap(), Some(second));
    }

    #[tokio::test]
    async fn a_broken_note_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ports");
        fs::write(&file, "20001\n2000").unwrap();
        assert_eq!(noted_ports::<3>(&file).unwrap(), None);
        kept_ports::<3>(&file).await.unwrap();
        assert!(noted_ports::<3>(&file).unwrap().is_some());
    }
}
