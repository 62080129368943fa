//! What sites ask of robots, as RFC 9309 has it: each host's robots.txt, fetched when its first check
//! is due and at most once an hour. Where it cannot be had, that is no site's failure: what it said
//! last holds, and nothing where it never said anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use messages::{Match, Outcome};
use texting_robots::Robot;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use url::Origin;

use crate::{
    pattern::Pattern,
    probe::{Asking, Expectation, Instruments, IpVersion, ProbeRequest},
};

/// By this name robots.txt speaks of us.
const NAME: &str = "websites-monitor";
/// How long what a host said holds, also that it said nothing.
const AGE_MAX: Duration = Duration::from_hours(1);
/// How long a check waits for it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Hops that the RFC wants followed.
const REDIRECTS_MAX: u32 = 5;
/// Of hosts beyond, what is out of date is forgotten.
const HOSTS_KEPT: usize = 1_000;
/// The whole page, or as much of it as is read.
const WHOLE: &str = r"(?s)\A.*";

/// What the hosts' robots.txt say.
#[derive(Debug)]
pub(super) struct Robots {
    instruments: Arc<Instruments>,
    give_up: CancellationToken,
    whole: Option<Pattern>,
    hosts: Mutex<HashMap<Way, Arc<AsyncMutex<Rules>>>>,
}

/// A host, and how its targets get there: which certificates they take, and which addresses.
type Way = (Origin, bool, Option<IpVersion>);

/// What one host says.
#[derive(Default)]
struct Rules {
    /// None where everything is allowed.
    robot: Option<Robot>,
    fetched_at: Option<Instant>,
}

/// What came of asking.
enum Answer {
    Says(Box<Robot>),
    /// There is none, and so everything is allowed.
    None,
    /// It cannot be had now.
    Out,
}

impl Robots {
    /// Asks by these instruments, until `give_up`.
    pub(super) fn new(instruments: Arc<Instruments>, give_up: CancellationToken) -> Self {
        Self {
            instruments,
            give_up,
            // A constant that a test holds to be a pattern.
            whole: Pattern::parse(WHOLE).ok(),
            hosts: Mutex::default(),
        }
    }

    /// Whether the site lets us make this request. Waits for its robots.txt where that is not known.
    pub(super) async fn allow(&self, request: &ProbeRequest) -> bool {
        let rules = self.rules(request);
        // Who comes meanwhile waits, and asks nothing of its own.
        let mut rules = rules.lock().await;
        if rules.is_to_ask(Instant::now()) {
            let answer = self.ask(request).await;
            rules.keep(answer, Instant::now());
        }
        let robot = rules.robot.as_ref();
        robot.is_none_or(|robot| robot.allowed(request.url.as_str()))
    }

    fn rules(&self, request: &ProbeRequest) -> Arc<AsyncMutex<Rules>> {
        let (url, asking) = (&request.url, &request.asking);
        let way = (url.origin(), asking.verify_tls, asking.ip_version);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_KEPT && !hosts.contains_key(&way) {
            let now = Instant::now();
            // One that is locked is in use.
            hosts.retain(|_, rules| rules.try_lock().is_ok_and(|rules| !rules.is_to_ask(now)));
        }
        Arc::clone(hosts.entry(way).or_default())
    }

    async fn ask(&self, request: &ProbeRequest) -> Answer {
        let Some(request) = request_before(request, self.whole.clone()) else {
            return Answer::None;
        };
        let found = self.instruments.probe(&request, &self.give_up).await;
        let answer = match found.outcome {
            Outcome::Up { response, .. } => match response.matched {
                Match::Matched(text) => Robot::new(NAME, text.as_bytes())
                    .map_or(Answer::None, |robot| Answer::Says(Box::new(robot))),
                // No text is no robots.txt.
                Match::NotMatched | Match::NotEvaluated => Answer::None,
            },
            Outcome::Down {
                response: Some(response),
                ..
            } if response.status < 500 => Answer::None,
            Outcome::Down { .. } | Outcome::Missed { .. } | Outcome::Skipped { .. } => Answer::Out,
        };
        if matches!(answer, Answer::Out) {
            debug!("robots.txt of {:?} cannot be had", request.url.host_str());
        }
        answer
    }
}

/// For the robots.txt of the host that a request is for, on the same way.
fn request_before(request: &ProbeRequest, whole: Option<Pattern>) -> Option<ProbeRequest> {
    // A url with a host can be joined to any path; credentials of its own go along.
    let url = request.url.join("/robots.txt").ok()?;
    Some(ProbeRequest {
        url,
        timeout: Some(FETCH_TIMEOUT),
        deadline: None,
        asking: Asking {
            redirects: Some(REDIRECTS_MAX),
            ip_version: request.asking.ip_version,
            verify_tls: request.asking.verify_tls,
            ..Asking::default()
        },
        expected: Expectation {
            pattern: whole,
            ..Expectation::default()
        },
    })
}

impl Rules {
    fn is_to_ask(&self, now: Instant) -> bool {
        self.fetched_at.is_none_or(|at| now >= at + AGE_MAX)
    }

    fn keep(&mut self, answer: Answer, now: Instant) {
        self.fetched_at = Some(now);
        match answer {
            Answer::Says(robot) => self.robot = Some(*robot),
            Answer::None => self.robot = None,
            Answer::Out => {}
        }
    }
}

/// Its rules are a library's, and of any length.
impl std::fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Rules");
        shown
            .field("fetched_at", &self.fetched_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_page_is_taken_and_an_empty_one_too() {
        let pattern = Pattern::parse(WHOLE).unwrap();
        for page in ["", "User-agent: *\nDisallow: /\n"] {
            let found = pattern.search(page);
            assert_eq!(found, crate::pattern::Search::Found(page.into()));
        }
    }

    #[test]
    fn rules_are_asked_for_on_the_target_s_way_and_without_its_secrets() {
        let asking = Asking {
            method: http::Method::POST,
            body: Some("secret".into()),
            ip_version: Some(IpVersion::V6),
            verify_tls: false,
            ..Asking::default()
        };
        let request = ProbeRequest {
            url: "https://site.test/a?b".parse().unwrap(),
            timeout: None,
            deadline: None,
            asking,
            expected: Expectation::default(),
        };
        let before = request_before(&request, None).unwrap();
        assert_eq!(before.url.as_str(), "https://site.test/robots.txt");
        let asking = before.asking;
        assert_eq!(
            (asking.method, asking.body.is_none()),
            (http::Method::GET, true)
        );
        assert_eq!(
            (asking.ip_version, asking.verify_tls),
            (Some(IpVersion::V6), false)
        );
    }

    #[test]
    fn what_was_said_holds_for_an_hour_and_while_nothing_is_said() {
        let (mut rules, now) = (Rules::default(), Instant::now());
        assert!(rules.is_to_ask(now));
        let robot = Robot::new(NAME, b"User-agent: *\nDisallow: /").unwrap();
        rules.keep(Answer::Says(Box::new(robot)), now);
        assert!(!rules.is_to_ask(now + AGE_MAX / 2));
        let later = now + AGE_MAX;
        assert!(rules.is_to_ask(later));
        rules.keep(Answer::Out, later);
        assert!(!rules.is_to_ask(later));
        assert!(rules.robot.is_some());
        rules.keep(Answer::None, later);
        assert!(rules.robot.is_none());
    }
}
