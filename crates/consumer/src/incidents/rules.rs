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
    /// The names of everybody who can be told.
    pub receivers: Arc<[String]>,
    /// Of those who are told of websites that name nobody.
    pub defaults: Arc<[String]>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            down_after: 2,
            up_after: 1,
            receivers: Arc::default(),
            defaults: Arc::default(),
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
        let Some(chosen) = chosen.filter(|names| !names.is_empty()) else {
            return self.defaults.iter().map(String::as_str).collect();
        };
        if chosen.iter().any(|name| name == NOBODY) {
            return Vec::new();
        }
        let receivers = self.receivers.iter().map(String::as_str);
        let told = receivers.filter(|receiver| chosen.iter().any(|name| name == receiver));
        told.collect()
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
        let rules = Rules {
            receivers: ["mail".to_owned(), "night".to_owned()].into(),
            defaults: ["mail".to_owned()].into(),
            ..Rules::default()
        };
        let told = |value| {
            let target = target(&value);
            rules.told_of(Some(&target)).join(" ")
        };
        assert_eq!(rules.told_of(None), ["mail"]);
        assert_eq!(told(json!({"name": "shop"})), "mail");
        assert_eq!(told(json!({"alerts": []})), "mail");
        assert_eq!(
            told(json!({"alerts": ["night", "gone", "mail"]})),
            "mail night"
        );
        assert_eq!(told(json!({"alerts": ["night"]})), "night");
        assert_eq!(told(json!({"alerts": ["none"]})), "");
    }
}
