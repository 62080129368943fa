//! Asking a registry.

use std::time::Duration;

use reqwest::{
    Client, Method, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use super::{answer::Answer, error::RegistryError, settings::RegistrySettings};
use crate::{backoff::Backoff, outward};

/// How the API calls its questions and answers.
const CALLED: &str = "application/vnd.schemaregistry.v1+json";
/// What we read: from a registry that calls its answers otherwise, any JSON.
const READ: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// Waits between questions to a registry that is away.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// A registry. Each question is asked once: whoever asks waits and asks again.
#[derive(Clone, Debug)]
pub struct Registry {
    client: Client,
    url: Url,
    login: Option<(String, SecretString)>,
}

/// What a registry files the values of a topic under, as Confluent's clients do by themselves.
pub fn subject(topic: &str) -> String {
    format!("{topic}-value")
}

/// The waits of whoever asks a registry until it answers.
pub fn backoff() -> Backoff {
    Backoff::new(RETRY_FIRST, RETRY_MAX)
}

impl Registry {
    /// A registry by its settings. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// Only when no client can be made from the settings.
    pub fn new(settings: &RegistrySettings) -> anyhow::Result<Self> {
        let RegistrySettings {
            url,
            login,
            authority,
        } = settings.clone();
        let client = outward::client(authority.as_deref())?;
        Ok(Self { client, url, login })
    }

    /// A schema by its number.
    pub async fn schema(&self, id: u32) -> Result<String, RegistryError> {
        let answer = self.ask(&["schemas", "ids", &id.to_string()], None).await?;
        let schema = answer.schema;
        schema.ok_or_else(|| RegistryError::Away(format!("{} gives no schema {id}", self.shown())))
    }

    /// The newest schema of a subject, where it has one.
    pub async fn latest(&self, subject: &str) -> Result<Option<String>, RegistryError> {
        let path = ["subjects", subject, "versions", "latest"];
        match self.ask(&path, None).await {
            Ok(answer) => Ok(answer.schema),
            Err(RegistryError::Unknown(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Registers a schema; its number, also where it was there before.
    pub async fn register(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        self.number(&["subjects", subject, "versions"], schema)
            .await
    }

    /// The number of a schema that is there.
    pub async fn look_up(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        self.number(&["subjects", subject], schema).await
    }

    /// What may be shown of where it is.
    pub fn shown(&self) -> String {
        format!("the schema registry ({})", self.url)
    }

    async fn number(&self, path: &[&str], schema: &str) -> Result<u32, RegistryError> {
        let answer = self.ask(path, Some(schema)).await?;
        let id = answer.id;
        id.ok_or_else(|| RegistryError::Away(format!("{} gives no number", self.shown())))
    }

    async fn ask(&self, path: &[&str], schema: Option<&str>) -> Result<Answer, RegistryError> {
        let request = self.request(path, schema);
        let shown = self.shown();
        match request.send().await {
            Ok(response) => Answer::read(response, &shown).await,
            Err(error) => {
                let story = outward::story(error);
                let advice = "check SCHEMA_REGISTRY_URL and SCHEMA_REGISTRY_CAFILE";
                let story = format!("{shown} does not answer: {story}; {advice}");
                Err(RegistryError::Away(story))
            }
        }
    }

    fn request(&self, path: &[&str], schema: Option<&str>) -> RequestBuilder {
        let mut url = self.url.clone();
        // It has a host, so it has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut request = match schema {
            Some(schema) => {
                let body = json!({ "schema": schema, "schemaType": "AVRO" });
                let request = self.client.request(Method::POST, url);
                request.header(CONTENT_TYPE, CALLED).body(body.to_string())
            }
            None => self.client.request(Method::GET, url),
        };
        request = request.header(ACCEPT, READ);
        if let Some((username, password)) = &self.login {
            request = request.basic_auth(username, Some(password.expose_secret()));
        }
        request
    }
}
