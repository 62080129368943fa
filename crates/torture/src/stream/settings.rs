//! What a website remembers.

use serde_json::Value;

/// Who is told of websites that name nobody, and who is told of those that name him alone.
pub(crate) const RECEIVER: &str = "operators";
pub(crate) const OTHER_RECEIVER: &str = "night";

/// What a website remembers of its newest record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) regexp: String,
    pub(crate) target: Option<Value>,
}

impl Settings {
    /// How many failed results in a row it takes, and how many good ones (docs/targets.md).
    pub(crate) fn patience(&self) -> (u32, u32) {
        let of = |name: &str, default: u32| {
            let own = self
                .target
                .as_ref()
                .and_then(|target| target[name].as_u64());
            own.map_or(default, |own| own as u32)
        };
        (of("down_after", 2), of("up_after", 1))
    }

    /// Who is told.
    pub(crate) fn receiver(&self) -> &'static str {
        let names_other = |target: &Value| target["alerts"][0] == OTHER_RECEIVER;
        if self.target.as_ref().is_some_and(names_other) {
            OTHER_RECEIVER
        } else {
            RECEIVER
        }
    }
}
