//! The collector, as OpenTelemetry's exporter asks it: by our HTTP client.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::Client;

use crate::outward::story;

/// How much of an answer is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How much of a refusal is told.
const MESSAGE_CHARS_MAX: usize = 200;

/// Asks the collector, and keeps what went wrong: the exporter says only that something did.
#[derive(Debug)]
pub(super) struct Collector {
    client: Client,
    /// What may be shown of where it is.
    shown: String,
    trouble: Mutex<Option<String>>,
}

impl Collector {
    pub(super) fn new(client: Client, shown: String) -> Self {
        Self {
            client,
            shown,
            trouble: Mutex::default(),
        }
    }

    /// What went wrong last, asked once.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.trouble().take()
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let does_not_answer = |error| format!("does not answer: {}", story(error));
        let request = reqwest::Request::try_from(request).map_err(does_not_answer)?;
        let answer = self.client.execute(request).await;
        let mut answer = answer.map_err(does_not_answer)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(does_not_answer)? {
            body.extend_from_slice(&piece);
            if body.len() > ANSWER_BYTES_MAX {
                return Err(format!("answers more than {ANSWER_BYTES_MAX} bytes"));
            }
        }
        *response.body_mut() = body.into();
        Ok(response)
    }

    fn note(&self, trouble: &str) {
        let advice = "check OTEL_EXPORTER_OTLP_ENDPOINT";
        let trouble = format!("the collector ({}) {trouble}; {advice}", self.shown);
        *self.trouble() = Some(trouble);
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = match self.ask(request).await {
            Ok(response) => response,
            Err(trouble) => {
                self.note(&trouble);
                return Err(trouble.into());
            }
        };
        if !response.status().is_success() {
            let said = readable(response.body());
            self.note(&format!("answers {}{said}", response.status()));
        }
        Ok(response)
    }
}

/// Its own words, where they are a text: an answer may be protobuf, which holds some.
fn readable(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let is_shown = |char: &char| !char.is_control() && *char != char::REPLACEMENT_CHARACTER;
    let text: String = text
        .chars()
        .filter(is_shown)
        .take(MESSAGE_CHARS_MAX)
        .collect();
    match text.trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
