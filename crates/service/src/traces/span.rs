//! One span, as it is told.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::{
    KeyValue, Value,
    trace::{SpanKind, Status},
};

/// What a span is, seen from outside of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Something within.
    Internal,
    /// A question to another server.
    Client,
    /// A record on its way to Kafka.
    Producer,
    /// A record that came from there.
    Consumer,
}

/// A span: what was done from when to when.
#[derive(Clone, Debug)]
pub struct Span {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) begin: SystemTime,
    pub(super) end: SystemTime,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) status: Status,
}

impl Span {
    /// A span within the service. One that ends before it begins, as clocks of two machines have it, has no
    /// length.
    pub fn new(name: &'static str, begin: SystemTime, end: SystemTime) -> Self {
        Self {
            name,
            role: Role::Internal,
            begin,
            end: end.max(begin),
            attributes: Vec::new(),
            status: Status::Unset,
        }
    }

    /// What it is, seen from outside.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Says more of it, where there is something to say. Holds no secret.
    #[must_use]
    pub fn with<T: Into<Value>>(mut self, name: &'static str, value: Option<T>) -> Self {
        let attribute = value.map(|value| KeyValue::new(name, value));
        self.attributes.extend(attribute);
        self
    }

    /// Says that it failed, and by which of few words.
    #[must_use]
    pub fn failed(mut self, reason: Option<&str>) -> Self {
        if let Some(reason) = reason {
            self.status = Status::Error {
                description: Cow::Owned(reason.to_owned()),
            };
            self = self.with("error.type", Some(reason.to_owned()));
        }
        self
    }
}

impl From<Role> for SpanKind {
    fn from(role: Role) -> Self {
        match role {
            Role::Internal => Self::Internal,
            Role::Client => Self::Client,
            Role::Producer => Self::Producer,
            Role::Consumer => Self::Consumer,
        }
    }
}
