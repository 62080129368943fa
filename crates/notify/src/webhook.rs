//! Any program that takes a POST.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};

use crate::{
    alert::Alert,
    file::Fields,
    http::{Endpoint, Post},
    outcome::Outcome,
    signature::Signer,
    template::{self, Template},
};

const JSON: &str = "application/json";

/// A program that takes a POST.
#[derive(Debug)]
pub(crate) struct Webhook {
    endpoint: Endpoint,
    content_type: HeaderValue,
    /// Its own words for the body; without it, all that is known as JSON.
    template: Option<Template>,
    signer: Option<Signer>,
}

impl Webhook {
    /// Reads one.
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let endpoint = Endpoint::read(fields, "\"https://example.org/alerts\"", "");
        let signer = read_signer(fields);
        let content_type = read_content_type(fields);
        let template = read_template(fields, &content_type);
        Some(Self {
            endpoint: endpoint?,
            content_type,
            template,
            signer,
        })
    }

    /// Tells it once.
    pub(crate) async fn send(&self, alert: &Alert) -> Outcome {
        let body = match &self.template {
            Some(template) => template.render(alert),
            None => Ok(template::context(alert).to_string()),
        };
        let body = match body {
            Ok(body) => body,
            Err(problem) => return Outcome::Failed(format!("its template {problem}")),
        };
        let signed = self.signer.as_ref();
        let headers = signed.map_or_else(HeaderMap::new, |signer| {
            signer.headers(alert.id, Timestamp::now(), &body)
        });
        let post = Post {
            id: alert.id,
            content_type: self.content_type.clone(),
            body,
            headers,
        };
        self.endpoint.post(post).await
    }
}

fn read_signer(fields: &mut Fields<'_, '_>) -> Option<Signer> {
    let line = fields.line_of("secret");
    match Signer::new(&fields.secret("secret")?) {
        Ok(signer) => Some(signer),
        Err(problem) => {
            fields.refuse(line, "secret", problem);
            None
        }
    }
}

fn read_content_type(fields: &mut Fields<'_, '_>) -> HeaderValue {
    let line = fields.line_of("content_type");
    let given = fields.optional_text("content_type");
    let given = given.map(|text| HeaderValue::from_str(&text));
    match given {
        Some(Ok(value)) => value,
        Some(Err(_)) => {
            fields.refuse(
                line,
                "content_type",
                "is no content type, such as \"text/plain\"",
            );
            HeaderValue::from_static(JSON)
        }
        None => HeaderValue::from_static(JSON),
    }
}

fn read_template(fields: &mut Fields<'_, '_>, content_type: &HeaderValue) -> Option<Template> {
    let line = fields.line_of("template");
    let source = fields.optional_text("template")?;
    let is_json = content_type
        .to_str()
        .is_ok_and(|text| text.contains("json"));
    match Template::new(source, is_json) {
        Ok(template) => Some(template),
        Err(problem) => {
            fields.refuse(line, "template", problem);
            None
        }
    }
}
