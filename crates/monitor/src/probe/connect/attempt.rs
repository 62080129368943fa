//! One address tried by the client, and what the client's hooks note of it.

use std::net::SocketAddr;

use messages::Phase;

use crate::probe::{notes::Fate, trace::Trace};

tokio::task_local! {
    /// The attempt that this task makes. The client calls its hooks on the task that makes the
    /// request, so this tells them whose they are.
    static ATTEMPT: Attempt;
}

/// One connection to be made for one probe, to one address.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) trace: Trace,
    pub(crate) address: SocketAddr,
}

impl Attempt {
    /// The work, with this attempt in the hooks' sight.
    pub(crate) fn scope<W: Future>(self, work: W) -> impl Future<Output = W::Output> {
        ATTEMPT.scope(self, work)
    }

    /// The attempt that this task makes, if it does.
    pub(crate) fn current() -> Option<Self> {
        ATTEMPT.try_with(Self::clone).ok()
    }

    /// TCP is connected, and this phase begins.
    pub(crate) fn reach(&self, phase: Phase) {
        self.trace.talks_to(self.address);
        self.trace
            .note(|story| story.address_is(self.address, Fate::Taken));
        self.trace.enter(phase);
    }
}
