//! What a registry answers.

use reqwest::Response;
use serde::Deserialize;

use super::error::RegistryError;

/// The largest answer that is read: a schema is some kilobytes.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How much of a refusal is told.
const MESSAGE_CHARS_MAX: usize = 1000;
/// What a registry that has several kinds calls ours; it says nothing where it is this one.
const AVRO: &str = "AVRO";

/// A schema, or its number, or both.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Answer {
    pub(super) id: Option<u32>,
    pub(super) schema: Option<String>,
    schema_type: Option<String>,
}

impl Answer {
    /// Reads an answer from `shown`.
    pub(super) async fn read(response: Response, shown: &str) -> Result<Self, RegistryError> {
        let status = response.status();
        let bytes = body(response).await;
        if !status.is_success() {
            let said = bytes.as_deref().ok().map(Said::read).unwrap_or_default();
            let mut story = format!("{shown} answers {status}");
            if let Some(message) = said.message {
                story = format!("{story}: {}", readable(&message));
            }
            return Err(RegistryError::of(status.as_u16(), said.error_code, story));
        }
        let bytes = bytes.map_err(|problem| RegistryError::Away(format!("{shown} {problem}")))?;
        let answer: Self = serde_json::from_slice(&bytes).map_err(|error| {
            RegistryError::Away(format!(
                "{shown} answers what no registry does ({error}); check the path of \
                 SCHEMA_REGISTRY_URL"
            ))
        })?;
        match &answer.schema_type {
            Some(other) if other != AVRO => Err(RegistryError::Refused(format!(
                "{shown} has a schema of the type {other:?} there, which is not Avro"
            ))),
            _ => Ok(answer),
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) => return Ok(bytes),
            Err(_) => return Err("ended in the middle of its answer".into()),
        }
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(format!("answers more than {ANSWER_BYTES_MAX} bytes"));
        }
    }
}

/// What a registry says of a question that it does not answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    /// More than the status says.
    error_code: Option<u32>,
    message: Option<String>,
}

impl Said {
    fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

/// Its own words, in a line.
fn readable(message: &str) -> String {
    let message: String = message.chars().take(MESSAGE_CHARS_MAX).collect();
    message.replace(char::is_control, " ")
}
