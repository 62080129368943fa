//! What the client holds of a body beside us.
//!
//! This models the inside of the library under the client, which cannot be told through it how much
//! to take. A canary test says when a new version takes more.

use http::Version;

/// What the buffer of an HTTP/1 connection grows to, with TLS and without: it is doubled whenever a
/// read fills it, as long as it is smaller than 408 KiB. HTTP/2 has its windows instead.
pub(crate) const BUFFER_BYTES_MAX: usize = 512 * 1024;
/// The buffer, and as much again in a piece that was passed on.
const BUFFERS: usize = 2;

/// What the client may take more while the next step of a body is read.
pub(crate) fn growth(version: Version, already_read: usize, step_bytes: usize) -> usize {
    if version == Version::HTTP_2 || already_read >= BUFFER_BYTES_MAX {
        0
    } else {
        BUFFERS * step_bytes
    }
}
