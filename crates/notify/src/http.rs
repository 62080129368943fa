//! The client of receivers that speak HTTP, and what their answers mean.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;

use crate::{causes::with_causes, file::Fields, outcome::Outcome, trust, withheld::Withheld};

/// How requests name themselves.
const USER_AGENT: &str = concat!("websites-monitor/", env!("CARGO_PKG_VERSION"));
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one try may take, connection and answer together.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// By this a receiver knows a repeat: it is the same at each try.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The shortest wait that a receiver can ask for: by one that wants none it would be asked without a pause, for
/// as long as it refuses.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest: what is told a day late is told to nobody.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// The wait where it names none that can be read.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(30);
/// How much of an answer is read, and how much of it is told.
const ANSWER_BYTES_MAX: usize = 4096;
const ANSWER_CHARS_MAX: usize = 200;

/// Where a receiver listens, and how to speak to it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    client: Client,
    /// Many a receiver's url is a secret: whoever knows it can tell it anything.
    url: SecretString,
    /// What may be shown of it.
    host: String,
    headers: HeaderMap,
    login: Option<(String, SecretString)>,
    /// What may not be shown of its answers.
    withheld: Withheld,
}

/// What is sent.
pub(crate) struct Post {
    pub(crate) id: Uuid,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: String,
    /// Beside those that the file names.
    pub(crate) headers: HeaderMap,
}

impl Post {
    /// A JSON document.
    pub(crate) fn json(id: Uuid, body: &serde_json::Value) -> Self {
        Self {
            id,
            content_type: HeaderValue::from_static("application/json"),
            body: body.to_string(),
            headers: HeaderMap::new(),
        }
    }
}

impl Endpoint {
    /// Reads where it is; `path` is joined to its url.
    pub(crate) fn read(fields: &mut Fields<'_, '_>, example: &str, path: &str) -> Option<Self> {
        let line = fields.line_of("url");
        let url = fields.perhaps_secret("url", example);
        let headers = read_headers(fields);
        let login = fields.login();
        let more = trust::read(fields);
        let url = match parse(url?.expose_secret(), path) {
            Ok(url) => url,
            Err(problem) => {
                fields.refuse(line, "url", problem);
                return None;
            }
        };
        let client = trust::tls(more?).map_err(|error| error.to_string());
        let client = client.and_then(|tls| {
            let builder = Client::builder()
                .user_agent(USER_AGENT)
                .tls_backend_preconfigured(tls)
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(SEND_TIMEOUT);
            builder.build().map_err(|error| story(&error))
        });
        match client {
            Ok(client) => Some(Self {
                client,
                host: url.host_str().unwrap_or_default().to_owned(),
                withheld: Withheld::of(&url, &headers, login.as_ref()),
                url: url.to_string().into(),
                headers,
                login,
            }),
            Err(problem) => {
                fields.refuse(
                    line,
                    "url",
                    format_args!("no client can be made: {problem}"),
                );
                None
            }
        }
    }

    /// Sends it once.
    pub(crate) async fn post(&self, post: Post) -> Outcome {
        let mut request = self
            .client
            .post(self.url.expose_secret())
            .headers(self.headers.clone())
            .headers(post.headers)
            .header(IDEMPOTENCY_KEY, post.id.to_string())
            .header(CONTENT_TYPE, post.content_type)
            .body(post.body);
        if let Some((name, password)) = &self.login {
            request = request.basic_auth(name, Some(password.expose_secret()));
        }
        match request.send().await {
            Ok(response) => self.judge(response).await,
            Err(error) => Outcome::Failed(format!("{}: {}", self.host, story(&error))),
        }
    }

    async fn judge(&self, response: Response) -> Outcome {
        let status = response.status();
        if status.is_success() {
            return Outcome::Sent;
        }
        let asked = response.headers().get(RETRY_AFTER).cloned();
        let host = &self.host;
        let mut story = format!("{host} answered {status}");
        if status.is_redirection() {
            story = format!("{story}: it sends on to elsewhere, which is not followed");
        }
        if let Some(text) = self.answer(response).await {
            story = format!("{story}: {text}");
        }
        let wants_later =
            status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
        match asked.as_ref().map(|asked| wait(asked, Timestamp::now())) {
            Some(wait) if wants_later => Outcome::Later { wait, story },
            None if status == StatusCode::TOO_MANY_REQUESTS => Outcome::Later {
                wait: RETRY_AFTER_DEFAULT,
                story,
            },
            _ => Outcome::Failed(story),
        }
    }

    /// The beginning of what it says.
    async fn answer(&self, mut response: Response) -> Option<String> {
        let mut bytes = Vec::new();
        while let Ok(Some(piece)) = response.chunk().await {
            bytes.extend_from_slice(&piece);
            if bytes.len() >= ANSWER_BYTES_MAX {
                break;
            }
        }
        // Before it is cut: half a secret is found by nobody, and is one all the same.
        let text = self.withheld.masked(&String::from_utf8_lossy(&bytes));
        let text: String = text.trim().chars().take(ANSWER_CHARS_MAX).collect();
        (!text.is_empty()).then(|| text.replace(char::is_control, " "))
    }
}

/// How long a `Retry-After` says to wait: seconds, or until a date.
fn wait(asked: &HeaderValue, now: Timestamp) -> Duration {
    let text = asked.to_str().unwrap_or_default().trim();
    let seconds = text.parse::<u64>().ok().map(Duration::from_secs);
    let until = || {
        let date = rfc2822::parse(text).ok()?;
        Duration::try_from(date.timestamp().duration_since(now)).ok()
    };
    let wait = seconds.or_else(until).unwrap_or(RETRY_AFTER_DEFAULT);
    wait.clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
}

/// What went wrong, and why, without the url.
fn story(error: &reqwest::Error) -> String {
    // Its own words end in the url; its causes say more.
    let words = if error.is_timeout() {
        format!("no answer within {} s", SEND_TIMEOUT.as_secs())
    } else if error.is_connect() {
        "cannot connect".to_owned()
    } else {
        "the request failed".to_owned()
    };
    with_causes(words, error)
}

fn parse(text: &str, path: &str) -> Result<Url, String> {
    let wanted = "is not an http or https url";
    let mut url = Url::parse(text.trim()).map_err(|error| format!("{wanted}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wanted.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds credentials; these go into username and password".to_owned());
    }
    if !path.is_empty() {
        let joined = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
    }
    Ok(url)
}

fn read_headers(fields: &mut Fields<'_, '_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (line, name, value) in fields.pairs("headers") {
        let parsed = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        );
        if let (Ok(name), Ok(mut value)) = parsed {
            value.set_sensitive(true);
            headers.append(name, value);
        } else {
            fields.refuse(
                line,
                "headers",
                format_args!("{name:?} is no header that HTTP has"),
            );
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date_and_bounded() {
        let now: Timestamp = "2026-11-26T03:12:00Z".parse().unwrap();
        let asked = |text| wait(&HeaderValue::from_static(text), now).as_secs();
        assert_eq!(asked("7"), 7);
        assert_eq!(asked("0"), 1);
        assert_eq!(asked("Thu, 26 Nov 2026 03:12:00 GMT"), 1);
        assert_eq!(asked("Thu, 26 Nov 2026 03:14:00 GMT"), 120);
        assert_eq!(
            asked("Thu, 26 Nov 2026 03:11:00 GMT"),
            30,
            "a date that is over"
        );
        assert_eq!(asked("soon"), 30);
        assert_eq!(asked("99999"), 3600);
    }

    #[test]
    fn a_url_is_http_without_credentials() {
        let parsed = |text, path| parse(text, path).map(|url| url.to_string());
        assert_eq!(
            parsed("http://am:9093/prefix/", "/api/v2/alerts").unwrap(),
            "http://am:9093/prefix/api/v2/alerts"
        );
        assert_eq!(
            parsed("https://a.test/?x=1", "").unwrap(),
            "https://a.test/?x=1"
        );
        for wrong in ["", "a.test", "ftp://a.test/", "http://u:p@a.test/"] {
            assert!(parsed(wrong, "").is_err(), "{wrong}");
        }
    }
}
