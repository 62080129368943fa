//! What a row says, as it is understood field by field, until it makes a target.

use std::net::IpAddr;

use http::Method;
use service::settings::Variables;
use url::{Host, Url};

use super::{
    own::OwnSettings,
    target::{self, Target},
};
use crate::pattern::Pattern;

/// A target in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) url: Option<(String, Url)>,
    pub(super) pattern: Option<Pattern>,
    pub(super) own: OwnSettings,
    /// What a value may name.
    pub(super) variables: Variables,
}

impl Draft {
    /// The target, when its fields go together.
    pub(super) fn finish(self) -> Result<Target, String> {
        let (url, address) = self.url.ok_or("no url")?;
        let asked = &self.own.asked;
        let method = asked.method.as_ref().unwrap_or(&Method::GET);
        if asked.body.is_some() && [Method::GET, Method::HEAD].contains(method) {
            return Err(format!(
                "the body is never sent by {method}; set the method to POST, PUT or PATCH"
            ));
        }
        let expected = &self.own.expected;
        let sought = [
            ("must_match", &expected.must_match),
            ("must_not_match", &expected.must_not_match),
        ];
        if *method == Method::HEAD
            && let Some((name, _)) = sought.iter().find(|(_, pattern)| pattern.is_some())
        {
            return Err(format!("the {name} can never be found: HEAD gets no page"));
        }
        let literal: Option<IpAddr> = match address.host() {
            Some(Host::Ipv4(literal)) => Some(literal.into()),
            Some(Host::Ipv6(literal)) => Some(literal.into()),
            _ => None,
        };
        if let (Some(version), Some(literal)) = (asked.ip_version, literal)
            && !version.takes(literal)
        {
            return Err(format!(
                "the ip_version is never found: {literal} is no {version} address"
            ));
        }
        Ok(Target {
            url,
            host: target::Host::of(&address),
            address,
            pattern: self.pattern,
            own: self.own,
            going_along: None,
        })
    }
}
