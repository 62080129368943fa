//! What Prometheus is told of each website.

use database::{Database, DatabaseError, Statement};
use messages::Masked;
use serde::Deserialize;
use service::blackbox::{About, Asked, Checks, Phases, Seen, Website};

use super::{recent::recent, things::Thing};
use crate::audience::Audience;

const PROBES: Statement = Statement::new(
    "reading websites for Prometheus",
    include_str!("../../sql/probes.sql"),
);
/// What the original wrote of a name that did not resolve, and of a connect that timed out.
const CODES_OF_FAILURES: [i32; 2] = [404, 599];

/// The newest result of a website from a location.
#[derive(Debug, Deserialize)]
struct Newest {
    url: String,
    name: String,
    group: String,
    tags: Vec<String>,
    location: String,
    /// When it was due, in seconds since 1970.
    due_at: f64,
    /// It is being worked on, as was planned.
    is_maintained: bool,
    /// No result came for three intervals.
    is_silent: bool,
    /// `None`: the original's, which its code tells.
    outcome: Option<String>,
    error_code: i32,
    reason: Option<String>,
    is_doubted: bool,
    response_time: f64,
    dns: Option<f64>,
    connect: Option<f64>,
    tls: Option<f64>,
    first_byte: Option<f64>,
    body: Option<f64>,
    /// `ip:port`.
    address: Option<String>,
    http_version: Option<String>,
    tls_version: Option<String>,
    redirects: Option<i64>,
    body_bytes: Option<i64>,
    certificate_ends_at: Option<f64>,
    /// Up, down, missed, skipped, doubted, in maintenance; `None` before the first is counted.
    checks: Option<[u64; 6]>,
}

/// The newest result of each website from each location: of the website that is asked for, or of all.
pub(crate) async fn probes(
    database: &Database,
    audience: &Audience,
    asked: Option<&Asked>,
) -> Result<Vec<Website>, DatabaseError> {
    let spellings = asked.map(Asked::spellings);
    let (since, until) = recent();
    let rows = database
        .attempt(async |client| {
            PROBES
                .query(client, &[&audience.tags, &spellings, &since, &until])
                .await
        })
        .await?;
    let newest: Result<Vec<Newest>, _> = rows.iter().map(|row| Thing::of(row).read()).collect();
    let mut newest = newest?;
    if let Some(asked) = asked {
        let rank = |it: &Newest| asked.rank(&it.url, || Masked(&it.url).to_string());
        let meant = newest
            .iter()
            .min_by_key(|it| rank(it).unwrap_or(usize::MAX));
        let meant = meant.map(|it| it.url.clone());
        newest.retain(|it| Some(&it.url) == meant.as_ref());
    }
    Ok(newest.into_iter().map(Newest::website).collect())
}

impl Newest {
    fn website(self) -> Website {
        let seen = self.seen();
        let [up, down, missed, skipped, doubted, maintenance] = self.checks.unwrap_or_default();
        Website {
            instance: Some(Masked(&self.url).to_string()),
            location: Some(self.location),
            about: About {
                name: self.name,
                group: self.group,
                tags: self.tags,
            },
            checks: Checks {
                up,
                down,
                missed,
                skipped,
                doubted,
                maintenance,
            },
            newest_at: Some(self.due_at),
            is_maintained: Some(self.is_maintained),
            seen,
        }
    }

    /// What it found; `None` where that says nothing of the site, or no more.
    fn seen(&self) -> Option<Seen> {
        let is_up = match self.outcome.as_deref() {
            _ if self.is_silent || self.is_doubted => return None,
            Some("up") => true,
            Some("down") => false,
            None => (100..400).contains(&self.error_code),
            Some(_) => return None,
        };
        let phase = |seconds: Option<f64>| seconds.unwrap_or_default();
        Some(Seen {
            is_up,
            response_time: self.response_time,
            phases: Phases {
                dns: phase(self.dns),
                connect: phase(self.connect),
                tls: phase(self.tls),
                first_byte: phase(self.first_byte),
                body: phase(self.body),
            },
            status: self.status(),
            http_version: self.http_version.as_deref().map_or(0.0, version),
            ip_version: self.address.as_deref().map_or(0, ip_version),
            redirects: count(self.redirects),
            body_bytes: count(self.body_bytes),
            failed_by_pattern: matches!(
                self.reason.as_deref(),
                Some("pattern_not_found" | "pattern_found")
            ),
            tls_version: self.tls_version.clone().map(Into::into),
            certificate_ends_at: self.certificate_ends_at,
        })
    }

    /// The status, where a status line was read: then its protocol is known. Of the original, which
    /// does not say, a code that may stand for a failure is none.
    fn status(&self) -> u16 {
        let is_status = match self.outcome {
            Some(_) => self.http_version.is_some(),
            None => !CODES_OF_FAILURES.contains(&self.error_code),
        };
        let status = u16::try_from(self.error_code).ok();
        status.filter(|_| is_status).unwrap_or_default()
    }
}

/// A record may hold what makes no sense.
fn count<T: TryFrom<i64> + Default>(number: Option<i64>) -> T {
    let count = number.and_then(|number| number.try_into().ok());
    count.unwrap_or_default()
}

/// `HTTP/1.1` is 1.1; what is not known, 0.
fn version(http_version: &str) -> f64 {
    let number = http_version.strip_prefix("HTTP/");
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// `[::1]:443` is 6; what is not known, 0.
fn ip_version(address: &str) -> u8 {
    let address = address.parse::<std::net::SocketAddr>();
    address.map_or(0, |it| if it.is_ipv4() { 4 } else { 6 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_where_they_are_known() {
        let text = |http_version| version(http_version).to_string();
        assert_eq!(["HTTP/1.1", "HTTP/2", "SPDY"].map(text), ["1.1", "2", "0"]);
        assert_eq!(["[::1]:443", "10.0.0.1:80", "x"].map(ip_version), [6, 4, 0]);
    }
}
