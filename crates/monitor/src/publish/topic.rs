//! What is said of the topic, whatever it takes.

use service::health::{Health, Remark};
use tracing::warn;

use super::limits::TopicSays;

const COMPACTS: &str = "compacts (cleanup.policy): of each website only the newest result stays, and those that \
                        the consumer has not read by then are lost; set cleanup.policy=delete";

/// For whoever looks at `/readyz`.
#[derive(Debug)]
pub(super) struct TopicRemark {
    remark: Remark,
}

impl TopicRemark {
    pub(super) fn new(health: &Health) -> Self {
        Self {
            remark: health.remark("topic"),
        }
    }

    /// The topic says this of itself. One that compacts loses results that the consumer has not read by
    /// then, in silence.
    pub(super) fn says(&self, says: TopicSays) {
        if !says.compacts {
            self.remark.clear();
            return;
        }
        warn!("The topic {COMPACTS}");
        self.remark.set(COMPACTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_compacts_is_remarked_until_it_does_not() {
        let health = Health::default();
        let topic = TopicRemark::new(&health);
        let says = |compacts| TopicSays {
            bytes: None,
            compacts,
        };
        topic.says(says(true));
        let remarks = health.remarks().concat();
        assert!(remarks.starts_with("topic: compacts"), "{remarks}");
        assert!(health.problems().is_empty());
        topic.says(says(false));
        assert!(health.remarks().is_empty());
    }
}
