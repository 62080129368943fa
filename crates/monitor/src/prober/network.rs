//! Whether our own network is out, said when it changes.

use messages::Witness;
use service::health::Remark;
use tracing::{info, warn};

use super::witnesses::Answer;
use crate::report;

/// What `/readyz` says meanwhile: the service works, and what it sees says little of the sites.
const OUT: &str = "degraded: our own network is out: many sites fail together, and no witness \
                   answers either (WITNESS_URLS)";

/// What is known of our own network.
#[derive(Debug)]
pub(super) struct Network {
    remark: Remark,
    is_out: bool,
}

impl Network {
    pub(super) fn new(remark: Remark) -> Self {
        Self {
            remark,
            is_out: false,
        }
    }

    /// Whether it was out when somebody last looked.
    pub(super) fn is_out(&self) -> bool {
        self.is_out
    }

    /// The witnesses have answered.
    pub(super) fn heard(&mut self, answer: Answer) {
        match (answer, self.is_out) {
            (Some(Witness::Down), false) => {
                self.is_out = true;
                self.remark.set(OUT);
                warn!(
                    "Our own network is out: many sites fail together, and no witness answers \
                     either (WITNESS_URLS); results say so (prober.witness)"
                );
            }
            (Some(Witness::Up), true) => {
                self.is_out = false;
                self.remark.clear();
                info!("Our own network is back: a witness answers");
            }
            _ => {}
        }
        report::network_out(self.is_out);
    }
}

#[cfg(test)]
mod tests {
    use service::health::Health;

    use super::*;

    #[test]
    fn it_is_out_from_no_witness_s_answer_to_the_first_one() {
        let health = Health::default();
        let mut network = Network::new(health.remark("network"));
        for (answer, is_out) in [
            (Some(Witness::Up), false),
            (None, false),
            (Some(Witness::Down), true),
            (Some(Witness::Down), true),
            (None, true),
            (Some(Witness::Up), false),
        ] {
            network.heard(answer);
            assert_eq!(network.is_out(), is_out, "{answer:?}");
            assert_eq!(health.remarks().len(), usize::from(is_out));
        }
    }
}
