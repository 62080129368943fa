//! The bytes of a value, read from front to back. Nothing here trusts a length that it reads.

use super::value::Malformed;

/// The bytes of the longest number.
const VARINT_BYTES_MAX: usize = 10;

/// What is still to be read.
#[derive(Debug)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    /// So many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or(Malformed::CutOff)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed::CutOff)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Malformed::Flag),
        }
    }

    /// A whole number: seven bits a byte, the lowest first; small ones of either sign are short.
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        let mut folded = 0_u64;
        for at in 0..VARINT_BYTES_MAX {
            let [byte] = self.array()?;
            folded |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()));
            }
        }
        Err(Malformed::Number)
    }

    pub(super) fn float(&mut self) -> Result<f32, Malformed> {
        self.array().map(f32::from_le_bytes)
    }

    pub(super) fn double(&mut self) -> Result<f64, Malformed> {
        self.array().map(f64::from_le_bytes)
    }

    /// Bytes with their length before them.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.long()?).map_err(|_| Malformed::Length)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        str::from_utf8(self.bytes()?).map_err(|_| Malformed::Text)
    }

    /// One of so many.
    pub(super) fn choice(&mut self, of: usize) -> Result<usize, Malformed> {
        let choice = usize::try_from(self.long()?).ok();
        choice.filter(|it| *it < of).ok_or(Malformed::Choice)
    }
}
