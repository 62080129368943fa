//! How many results it takes to change a state, and who is told of it.

use std::sync::Arc;

use serde_json::{Map, Value};

/// A target's word for "nobody is told".
const NOBODY: &str = "none";

/// What holds where a target says nothing of its own.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Failed results in a row until a location sees a website down.
    pub down_after: u32,
    /// Good ones until it sees it up again.
    pub up_after: u32,
    /// Everybody who can be told.
    pub receivers: Arc<[Receiver]>,
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The name by which targets choose.
    pub name: String,
    /// Whether it is told of targets that choose nobody.
    pub is_default: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            down_after: 2,
            up_after: 1,
            receivers: Arc::default(),
        }
    }
}

impl Rules {
    /// Failed results in a row until this target's website is seen down.
    pub(super) fn down_after(&self, target: Option<&Map<String, Value>>) -> u32 {
        count(target, "down_after").unwrap_or(self.down_after)
    }

    /// Good ones until it is seen up again.
    pub(super) fn up_after(&self, target: Option<&Map<String, Value>>) -> u32 {
        count(target, "up_after").unwrap_or(self.up_after)
    }

    /// The names of those who are told of this target's website: of those whom it chooses, the ones
    /// that there are.
    pub(crate) fn told_of(&self, target: Option<&Map<String, Value>>) -> Vec<&str> {
        let chosen = target.and_then(|target| target.get("alerts")?.as_array());
        let is_told = |receiver: &&Receiver| match chosen {
            None => receiver.is_default,
            Some(names) => {
                names.iter().any(|name| *name == *receiver.name)
                    && !names.iter().any(|name| name == NOBODY)
            }
        };
        let told = self.receivers.iter().filter(is_told);
        told.map(|receiver| receiver.name.as_str()).collect()
    }
}

/// A target's own number, where it makes sense.
fn count(target: Option<&Map<String, Value>>, field: &str) -> Option<u32> {
    let count = target?.get(field)?.as_u64()?;
    u32::try_from(count).ok().filter(|&count| count > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_target_may_say_otherwise_if_it_makes_sense() {
        let rules = Rules::default();
        let own = target(&json!({"down_after": 5, "up_after": 3}));
        assert_eq!(rules.down_after(Some(&own)), 5);
        assert_eq!(rules.up_after(Some(&own)), 3);
        for senseless in [
            json!({"down_after": 0}),
            json!({"down_after": "x"}),
            json!({}),
        ] {
            assert_eq!(rules.down_after(Some(&target(&senseless))), 2);
        }
        assert_eq!(rules.up_after(None), 1);
    }

    #[test]
    fn a_target_chooses_among_the_receivers_that_there_are() {
        let receiver = |name: &str, is_default| Receiver {
            name: name.to_owned(),
            is_default,
        };
        let rules = Rules {
            receivers: [receiver("mail", true), receiver("night", false)].into(),
            ..Rules::default()
        };
        let told = |value| {
            let target = target(&value);
            rules.told_of(Some(&target)).join(" ")
        };
        assert_eq!(rules.told_of(None), ["mail"]);
        assert_eq!(told(json!({"name": "shop"})), "mail");
        assert_eq!(
            told(json!({"alerts": ["night", "gone", "mail"]})),
            "mail night"
        );
        assert_eq!(told(json!({"alerts": ["night"]})), "night");
        assert_eq!(told(json!({"alerts": ["none"]})), "");
    }
}
