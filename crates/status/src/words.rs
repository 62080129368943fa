//! How things are said to a person.

use messages::{FailureReason, Masked};

use crate::budget::{Budget, DAYS};

/// From here on a time is told in seconds.
const SECONDS_FROM: f64 = 1.0;

/// A reason in a few words, with what the status says: "status not expected, 502". A reason that a
/// newer monitor gave is told as it stands.
pub(crate) fn reason(reason: Option<&str>, error_code: i32) -> String {
    let Some(key) = reason else {
        return match error_code {
            404 => "name does not resolve, or 404".to_owned(),
            599 => "connect timed out".to_owned(),
            code if code >= 100 => format!("status {code}"),
            _ => "failed".to_owned(),
        };
    };
    let Ok(known) = key.parse::<FailureReason>() else {
        return key.replace('_', " ");
    };
    let short = known.advice().short;
    match known {
        FailureReason::StatusUnexpected => format!("{short}, {error_code}"),
        _ => short.to_owned(),
    }
}

/// The same at the start of a line.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What a website is called: its name, or its address.
pub(crate) fn title(name: Option<&str>, url: Option<&str>) -> String {
    match name {
        Some(name) if !name.trim().is_empty() => name.to_owned(),
        _ => address(url.unwrap_or_default()),
    }
}

/// An address as short as it stays clear, without credentials.
pub(crate) fn address(url: &str) -> String {
    let masked = Masked(url).to_string();
    let short = masked
        .strip_prefix("https://")
        .or_else(|| masked.strip_prefix("http://"))
        .unwrap_or(&masked);
    let short = short.strip_prefix("***@").unwrap_or(short);
    let short = match short.strip_suffix('/') {
        Some(host) if !host.contains('/') => host,
        _ => short,
    };
    match short {
        "" => "(no address)".to_owned(),
        short => short.to_owned(),
    }
}

/// A response time: "61 ms", "2.41 s".
pub(crate) fn response_time(seconds: f64) -> String {
    if seconds < SECONDS_FROM {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.2} s")
    }
}

/// "203.0.113.17, port 443", without the port where it is what everybody expects.
pub(crate) fn peer(address: &str) -> String {
    match address.rsplit_once(':') {
        Some((host, "443" | "80")) => host.trim_matches(['[', ']']).to_owned(),
        Some((host, port)) => format!("{}, port {port}", host.trim_matches(['[', ']'])),
        None => address.to_owned(),
    }
}

/// A location as a person calls it: the original's records name none.
pub(crate) fn place(location: &str) -> String {
    match location.trim() {
        "" => "nowhere named".to_owned(),
        name => name.to_owned(),
    }
}

/// A phase as a person calls it.
pub(crate) fn phase(key: &str) -> String {
    match key {
        "dns" => "DNS".to_owned(),
        "tls" => "TLS".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The phase that failed, where the reason does not say it by itself.
pub(crate) fn phase_beside(reason: Option<&str>, phase: Option<&str>) -> Option<String> {
    let known = reason.and_then(|reason| reason.parse::<FailureReason>().ok());
    let is_open = match known {
        Some(reason) => matches!(
            reason,
            FailureReason::ConnectionReset
                | FailureReason::ProtocolError
                | FailureReason::ProberFailed
        ),
        None => true,
    };
    phase.filter(|_| is_open).map(self::phase)
}

/// "1 website", "3 websites"; large numbers with their thousands apart.
pub(crate) fn count(number: i64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", thousands(number))
}

/// "30 days allow 43 failed checks, 10 failed"
pub(crate) fn budget(budget: &Budget) -> String {
    let allowed = count(budget.allowed(), "failed check");
    format!(
        "{DAYS} days allow {allowed}, {} failed",
        thousands(budget.failed())
    )
}

/// 20,160
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-" } else { "" }.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "A", "A and B", "A, B and C".
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_short_and_keeps_no_secret() {
        assert_eq!(address("https://u:secret@shop.example/"), "shop.example");
        assert_eq!(address("http://a/b/"), "a/b/");
        assert_eq!(address(""), "(no address)");
        assert_eq!(title(Some(" "), Some("https://a")), "a");
    }

    #[test]
    fn reasons_are_words_also_those_of_a_newer_monitor() {
        assert_eq!(reason(Some("connect_timeout"), 599), "connect timed out");
        assert!(reason(Some("status_unexpected"), 502).ends_with(", 502"));
        assert_eq!(reason(Some("quic_refused"), -1), "quic refused");
        assert_eq!(reason(None, 502), "status 502");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(-160), "-160");
        assert_eq!(count(1, "website"), "1 website");
        assert_eq!(count(1000, "website"), "1,000 websites");
        assert_eq!(response_time(0.0614), "61 ms");
        assert_eq!(response_time(2.409), "2.41 s");
        assert_eq!(peer("203.0.113.17:443"), "203.0.113.17");
        assert_eq!(peer("[2001:db8::1]:8443"), "2001:db8::1, port 8443");
    }
}
