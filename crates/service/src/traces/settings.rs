//! Whether traces are told, and whom.

use std::{collections::HashMap, path::PathBuf, str::FromStr};

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    certificates,
    settings::{Reader, Setting},
};

const OTEL_EXPORTER_OTLP_ENDPOINT: Setting = Setting::optional(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "a collector of traces, http:// or https://host:port (OTLP over HTTP); none are told when unset",
);
const OTEL_EXPORTER_OTLP_HEADERS: Setting = Setting::optional(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "what it is told beside, such as a key: name=value, separated by commas",
);
const OTEL_EXPORTER_OTLP_CERTIFICATE: Setting = Setting::optional(
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "the authority that signed its certificate, PEM; those that the system trusts when unset",
);
/// Where a collector takes traces, below its endpoint.
const TRACES_PATH: [&str; 2] = ["v1", "traces"];

/// Who is told of traces.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    pub(super) url: Url,
    /// By name; values as they were given, percent-encoded.
    pub(super) headers: HashMap<String, SecretString>,
    pub(super) authority: Option<PathBuf>,
}

impl TraceSettings {
    /// Reads the settings; `None` where no traces are told.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let endpoint = reader.optional_secret(&OTEL_EXPORTER_OTLP_ENDPOINT);
        let headers = reader.optional_secret(&OTEL_EXPORTER_OTLP_HEADERS);
        let headers = headers.map_or_else(|| Some(HashMap::new()), |it| parse_headers(&it));
        if headers.is_none() {
            let problem = "is not name=value, separated by commas";
            reader.problem(&OTEL_EXPORTER_OTLP_HEADERS, problem);
        }
        let authority = reader
            .optional_text(&OTEL_EXPORTER_OTLP_CERTIFICATE)
            .map(PathBuf::from);
        if let Some(authority) = &authority
            && let Err(problem) = certificates::read_authorities(authority)
        {
            reader.problem(&OTEL_EXPORTER_OTLP_CERTIFICATE, problem);
        }
        match parse_endpoint(&endpoint?) {
            Ok(url) => Some(Self {
                url,
                headers: headers?,
                authority,
            }),
            Err(problem) => {
                reader.problem(&OTEL_EXPORTER_OTLP_ENDPOINT, problem);
                None
            }
        }
    }
}

/// The url to which traces go. The error holds nothing of what was given.
fn parse_endpoint(text: &SecretString) -> Result<Url, &'static str> {
    const WANTED: &str = "is not an http or https url, such as http://collector.example:4318";
    let mut url = Url::parse(text.expose_secret().trim()).map_err(|_| WANTED)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(WANTED);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password: say them in OTEL_EXPORTER_OTLP_HEADERS");
    }
    url.set_query(None);
    url.set_fragment(None);
    let mut path = url.path_segments_mut().map_err(|()| WANTED)?;
    path.pop_if_empty().extend(TRACES_PATH);
    drop(path);
    Ok(url)
}

fn parse_headers(text: &SecretString) -> Option<HashMap<String, SecretString>> {
    let pairs = text.expose_secret().split(',').map(str::trim);
    let pairs = pairs.filter(|pair| !pair.is_empty());
    let headers = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        HeaderName::from_str(name).ok()?;
        HeaderValue::from_str(value).ok()?;
        Some((name.to_owned(), value.to_owned().into()))
    });
    headers.collect()
}
