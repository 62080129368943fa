//! Chains that were found good, so that the same one is not judged anew at each check.
//!
//! Whether a chain is good for a name follows from four things alone: the bytes of its certificates, the
//! name, the authorities, and the time. A verdict is kept by a digest of the first two; the authorities
//! are those of the verifier that holds these verdicts, and never change; and of the time the verdict
//! depends only by the dates of the certificates, so it holds as long as all of them are valid. Nothing
//! else is asked: no list of revoked certificates, and no OCSP. What was found bad is judged anew each time,
//! and so is the proof that the site has the certificate's key, without which a chain proves nothing.

use std::{ops::RangeInclusive, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use moka::sync::Cache;
use rustls::Error;
use service::certificates::Shown;
use x509_parser::parse_x509_certificate;

/// How long a verdict holds at most. It would hold for longer; but a fault in what is kept, whatever it
/// may be, should not outlive the hour.
const HOLDS_MAX: Duration = Duration::from_hours(1);
/// Verdicts that are kept, of some hundred bytes each: those that were asked for least give way.
const KEPT_MAX: u64 = 32_768;

/// What a verdict is kept by.
type Digest = [u8; 32];
/// Seconds since 1970.
type Times = RangeInclusive<u64>;

/// The chains that were found good by one set of authorities, and when each is.
#[derive(Debug)]
pub(super) struct Verdicts {
    good: Cache<Digest, Times>,
}

impl Verdicts {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            good: Cache::new(KEPT_MAX),
        }
    }

    /// What was found before, or what is found now.
    pub(super) fn on(
        &self,
        shown: &Shown<'_>,
        judge: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(digest) = digest(shown) else {
            return judge();
        };
        let holds = |times: Times| times.contains(&shown.now.as_secs());
        if self.good.get(&digest).is_some_and(holds) {
            return Ok(());
        }
        judge()?;
        if let Some(times) = times(shown) {
            self.good.insert(digest, times);
        }
        Ok(())
    }
}

/// Nobody can make another chain or name of the same digest. Lengths go along, so that what ends one
/// certificate cannot begin the next.
fn digest(shown: &Shown<'_>) -> Option<Digest> {
    let mut context = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    add(shown.name.to_str().as_bytes());
    for certificate in shown.chain() {
        add(certificate);
    }
    context.finish().as_ref().try_into().ok()
}

/// When the verdict holds: as long as every certificate is valid, whether the way to the authority needs
/// it or not. `None` where that is not now.
fn times(shown: &Shown<'_>) -> Option<Times> {
    let now = shown.now.as_secs();
    let (mut from, mut until) = (0, now.saturating_add(HOLDS_MAX.as_secs()));
    for certificate in shown.chain() {
        let (_, certificate) = parse_x509_certificate(certificate).ok()?;
        let validity = certificate.validity();
        let [not_before, not_after] = [validity.not_before, validity.not_after]
            // None is judged by a clock that shows a time before 1970.
            .map(|time| u64::try_from(time.timestamp()).unwrap_or_default());
        from = from.max(not_before);
        until = until.min(not_after);
    }
    Some(from..=until).filter(|times| times.contains(&now))
}

#[cfg(test)]
mod tests;
