//! Bytes that nobody can guess.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;

use anyhow::{Context, Result};

/// As many random bytes as the caller has room for.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("reading random bytes from /dev/urandom")?;
    Ok(bytes)
}

/// A word of letters and digits for a password or a name: 128 random bits.
pub(crate) fn word() -> Result<String> {
    let mut word = String::with_capacity(32);
    for byte in bytes::<16>()? {
        write!(word, "{byte:02x}").context("writing a random word")?;
    }
    Ok(word)
}
