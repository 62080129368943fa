//! What a probe has seen so far, whatever may still happen to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use messages::{
    Failure, FailureReason, HttpVersion, Match, Phase, Probe, Response, Timings, TlsVersion,
};
use rustls_pki_types::CertificateDer;
use tokio::time::Instant;

use url::Url;

use super::{
    certificate,
    limit::{Limit, timeout_reason},
    notes::{Notes, Story},
};
use crate::{clock::now, masked::Masked};

/// A probe that waited longer for memory says more about us than about the site.
const WAIT_BELIEVED_MAX: Duration = Duration::from_millis(250);

/// A probe under way. It outlives the steps, so that a step that is given up loses nothing; and it
/// is shared with the HTTP client's hooks, which see what the client does not tell.
///
/// With redirects, a phase's time is the sum over all hops; address, certificate, status and
/// version are the last ones seen.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    seen: Arc<Mutex<Seen>>,
    /// For a person who looks on.
    notes: Option<Notes>,
}

#[derive(Debug)]
struct Seen {
    started_at: Timestamp,
    started: Instant,
    ended: Option<Instant>,
    timings: Timings,
    /// The phase under way and its start.
    phase: Option<(Phase, Instant)>,
    /// The last phase that began.
    last_phase: Option<Phase>,
    head: Option<Head>,
    body_bytes: u64,
    body_truncated: bool,
    /// Whether it waits for memory: then it is not the site that is slow.
    waits_for_memory: bool,
    waited: Duration,
    remote_address: Option<SocketAddr>,
    tls_version: Option<TlsVersion>,
    leaf: Option<CertificateDer<'static>>,
    redirects: u32,
}

/// What a status line says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) http_version: HttpVersion,
}

impl Trace {
    /// Starts the clocks.
    pub(super) fn begin() -> Self {
        let seen = Seen {
            started_at: now(),
            started: Instant::now(),
            ended: None,
            timings: Timings::default(),
            phase: None,
            last_phase: None,
            head: None,
            body_bytes: 0,
            body_truncated: false,
            waits_for_memory: false,
            waited: Duration::ZERO,
            remote_address: None,
            tls_version: None,
            leaf: None,
            redirects: 0,
        };
        Self {
            seen: Arc::new(Mutex::new(seen)),
            notes: None,
        }
    }

    /// The same, with what a person wants to see written there.
    pub(super) fn noted(self, notes: Option<Notes>) -> Self {
        let trace = Self { notes, ..self };
        trace.note(|story| *story = Story::default());
        trace
    }

    /// Writes down what nobody but a person needs.
    pub(super) fn note(&self, what: impl FnOnce(&mut Story)) {
        if let Some(notes) = &self.notes {
            notes.write(what);
        }
    }

    /// This is asked for from now on.
    pub(super) fn begin_hop(&self, url: &Url) {
        self.end_hop();
        self.note(|story| story.begin_hop(Masked(url.as_str()).to_string()));
    }

    fn end_hop(&self) {
        self.note(|story| {
            let seen = self.seen();
            story.end_hop(|phase| seen.timings.get(phase));
        });
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A phase begins, and the one before is over.
    pub(super) fn enter(&self, phase: Phase) {
        let mut seen = self.seen();
        seen.leave();
        seen.phase = Some((phase, Instant::now()));
        seen.last_phase = Some(phase);
    }

    /// The phase under way is over.
    pub(super) fn leave(&self) {
        self.seen().leave();
    }

    /// The phase that began last.
    pub(super) fn phase(&self) -> Option<Phase> {
        self.seen().last_phase
    }

    /// Whether the phase under way is one that comes after TCP was connected.
    pub(super) fn is_connected(&self) -> bool {
        !matches!(self.phase(), None | Some(Phase::Dns | Phase::Connect))
    }

    /// The probe is over, well or not.
    pub(super) fn end(&self) {
        let mut seen = self.seen();
        seen.leave();
        seen.ended = Some(Instant::now());
        drop(seen);
        self.end_hop();
    }

    /// It talks to this address now.
    pub(super) fn talks_to(&self, address: SocketAddr) {
        self.seen().remote_address = Some(address);
    }

    /// The site showed this certificate.
    pub(super) fn saw_leaf(&self, leaf: CertificateDer<'static>) {
        self.seen().leaf = Some(leaf);
    }

    /// The handshake came to this version of TLS.
    pub(super) fn speaks_tls(&self, version: TlsVersion) {
        self.seen().tls_version = Some(version);
    }

    /// A status line was read: what is known of an earlier hop's body is about another page.
    pub(super) fn read_head(&self, head: Head) {
        let mut seen = self.seen();
        seen.leave();
        seen.head = Some(head);
        seen.body_bytes = 0;
        seen.body_truncated = false;
    }

    /// The last status.
    pub(super) fn status(&self) -> Option<u16> {
        self.seen().head.map(|head| head.status)
    }

    /// Hops followed so far.
    pub(super) fn redirects(&self) -> u32 {
        self.seen().redirects
    }

    /// A hop is followed. Whether its site shows a certificate is not known yet.
    pub(super) fn follow(&self) {
        let mut seen = self.seen();
        seen.redirects += 1;
        seen.leaf = None;
        seen.tls_version = None;
    }

    /// So many more decoded bytes were read.
    pub(super) fn read_body(&self, bytes: usize) {
        self.seen().body_bytes += bytes as u64;
    }

    /// The body goes on past its cap.
    pub(super) fn truncate_body(&self) {
        self.seen().body_truncated = true;
    }

    /// Waits for memory, which must not be held against the site: the phase's clock stands still.
    pub(super) async fn wait_for_memory<T>(&self, memory: impl Future<Output = T>) -> T {
        let began = Instant::now();
        self.seen().waits_for_memory = true;
        let memory = memory.await;
        let waited = began.elapsed();
        let mut seen = self.seen();
        seen.waits_for_memory = false;
        seen.waited += waited;
        if let Some((_, began)) = &mut seen.phase {
            *began += waited;
        }
        memory
    }

    /// Whether the probe was held up by ourselves so long that its times say little of the site.
    pub(super) fn was_held_up(&self) -> bool {
        self.seen().waited > WAIT_BELIEVED_MAX
    }

    /// Something went wrong in the phase that began last.
    pub(super) fn fail(&self, reason: FailureReason, detail: impl Into<String>) -> Failure {
        Failure::new(reason, self.phase(), detail)
    }

    /// The time for the whole is over.
    pub(super) fn timed_out(&self, limit: &Limit) -> Failure {
        let (set_by, limit) = (limit.set_by, limit.timeout.as_secs_f64());
        if self.seen().waits_for_memory {
            let detail = format!("no memory was free for the page within {limit} s");
            return self.fail(FailureReason::ProberFailed, detail);
        }
        let reason = self
            .phase()
            .map_or(FailureReason::ProberFailed, timeout_reason);
        self.fail(reason, format!("not done within {limit} s ({set_by})"))
    }

    /// The monitor stops and waits no longer.
    pub(super) fn given_up(&self) -> Failure {
        self.fail(
            FailureReason::ProberFailed,
            "given up: the monitor was stopped before the site had answered",
        )
    }

    /// What the record needs.
    pub(super) fn parts(&self, matched: Match) -> (Probe, Option<Response>) {
        let seen = self.seen();
        let response = seen.head.map(|head| Response {
            status: head.status,
            http_version: head.http_version,
            matched,
            body_bytes: seen.body_bytes,
            body_truncated: seen.body_truncated,
        });
        let ended = seen.ended.unwrap_or_else(Instant::now);
        let probe = Probe {
            started_at: seen.started_at,
            response_time: ended.duration_since(seen.started),
            timings: seen.timings.clone(),
            attempt: 1,
            redirects: seen.redirects,
            remote_address: seen.remote_address,
            tls_version: seen.tls_version,
            certificate: seen.leaf.as_ref().and_then(certificate::describe),
        };
        (probe, response)
    }
}

impl Seen {
    fn leave(&mut self) {
        if let Some((phase, began)) = self.phase.take() {
            let spent = match phase {
                Phase::Dns => &mut self.timings.dns,
                Phase::Connect => &mut self.timings.connect,
                Phase::Tls => &mut self.timings.tls,
                Phase::FirstByte => &mut self.timings.first_byte,
                Phase::Body => &mut self.timings.body,
            };
            *spent = Some(spent.unwrap_or_default() + began.elapsed());
        }
    }
}
