//! What is wrong with a certificate: its reason, and words with which its owner can do something.

use std::time::Duration;

use jiff::Timestamp;
use messages::FailureReason;
use rustls::{CertificateError, pki_types::UnixTime};

/// The library's word for a certificate that calls itself an authority, as openssl makes them. It has
/// no type that could be told.
pub(in crate::probe) const AUTHORITY_AS_SITE: &str = "CaUsedAsEndEntity";
/// How many of a certificate's names are said.
const NAMES_SAID_MAX: usize = 5;

pub(super) fn of_certificate(error: &CertificateError) -> (FailureReason, String) {
    let reason = match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => FailureReason::TlsExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            FailureReason::TlsWrongHost
        }
        _ => FailureReason::TlsUntrusted,
    };
    (reason, words(error))
}

/// The library's words, but for those that count seconds, or that only its source explains.
fn words(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the certificate was valid until {}", time(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the certificate is valid from {} on", time(*not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "the certificate is for {}, not for {}",
            names(presented),
            expected.to_str()
        ),
        CertificateError::UnknownIssuer => {
            "nobody whom this monitor trusts signed the certificate: it is self-signed, its authority \
             is not known here, or an intermediate certificate is missing"
                .into()
        }
        other if other.to_string().contains(AUTHORITY_AS_SITE) => {
            "the certificate says that it is an authority's, not a site's, and nobody trusted signed \
             it (self-signed?)"
                .into()
        }
        other => other.to_string(),
    }
}

/// To the second, in UTC; a time beyond the calendar's end as the seconds that it came in.
fn time(time: UnixTime) -> String {
    let seconds = Duration::from_secs(time.as_secs());
    match Timestamp::UNIX_EPOCH.checked_add(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("second {}", seconds.as_secs()),
    }
}

/// The library gives them as it writes them for itself: `DnsName("www.example.com")`.
fn names(presented: &[String]) -> String {
    let plain = |name: &String| {
        let inner = name
            .strip_prefix("DnsName(\"")
            .and_then(|name| name.strip_suffix("\")"));
        inner.unwrap_or(name).to_owned()
    };
    let said: Vec<_> = presented.iter().take(NAMES_SAID_MAX).map(plain).collect();
    match presented.len().saturating_sub(NAMES_SAID_MAX) {
        _ if said.is_empty() => "no name at all".into(),
        0 => said.join(", "),
        more => format!("{} and {more} more", said.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn dates_are_said_as_dates() {
        let (time, not_after) = (at(1_800_000_000), at(1_700_000_000));
        let expired = CertificateError::ExpiredContext { time, not_after };
        let said = "the certificate was valid until 2023-11-14 22:13:20 UTC".to_owned();
        assert_eq!(of_certificate(&expired), (FailureReason::TlsExpired, said));
        let not_before = at(4_102_444_800);
        let early = CertificateError::NotValidYetContext { time, not_before };
        let said = "the certificate is valid from 2100-01-01 00:00:00 UTC on".to_owned();
        assert_eq!(of_certificate(&early), (FailureReason::TlsExpired, said));
        let never = CertificateError::ExpiredContext {
            time,
            not_after: at(u64::MAX),
        };
        assert!(words(&never).ends_with("until second 18446744073709551615"));
    }

    #[test]
    fn names_are_said_as_their_owner_knows_them() {
        let wrong = |names: &[&str]| {
            let error = CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("shop.example").unwrap(),
                presented: names.iter().map(ToString::to_string).collect(),
            };
            let (reason, words) = of_certificate(&error);
            assert_eq!(reason, FailureReason::TlsWrongHost);
            words
        };
        assert_eq!(
            wrong(&["DnsName(\"*.a.example\")", "IpAddress(192.0.2.1)"]),
            "the certificate is for *.a.example, IpAddress(192.0.2.1), not for shop.example"
        );
        assert!(wrong(&[]).contains("is for no name at all, not"));
        assert!(wrong(&["DnsName(\"a\")"; 7]).contains("a, a, a, a, a and 2 more, not"));
    }
}
