//! The notifier beside a real PostgreSQL and receivers of its own.

use std::{fs, path::Path, sync::Arc, time::Duration};

use database::{Database, Statement};
use devstack::{Answer, Inbox, Posted};
use notify::Receivers;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    delivery::{deliver, lease},
    gather::gather,
    reminders::remind,
};
use crate::{
    alerts::AlertSettings,
    keeper::{burns, telling::Names},
    testing,
};

const PATIENCE: Duration = Duration::from_secs(30);

struct Fixture {
    database: Database,
    settings: AlertSettings,
    inboxes: Vec<Inbox>,
    _folder: TempDir,
}

impl Fixture {
    /// A database with as many websites, and as many receivers, named `r0`, `r1` …
    async fn new(websites: u32, receivers: usize) -> Self {
        let uri = testing::database().await;
        let database = testing::writer(&uri).database().clone();
        database::prepare(&database).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (mut inboxes, mut text) = (Vec::new(), String::new());
        for number in 0..receivers {
            let inbox = Inbox::start().await.unwrap();
            let url = inbox.url();
            let receiver = format!(
                "[[receiver]]\nname = \"r{number}\"\ntype = \"webhook\"\nurl = \"{url}\"\nremind_after = \"1h\"\n"
            );
            text.push_str(&receiver);
            inboxes.push(inbox);
        }
        let path = folder.path().join("alerts.toml");
        fs::write(&path, text).unwrap();
        let fixture = Self {
            database,
            settings: settings(&path),
            inboxes,
            _folder: folder,
        };
        let websites = format!(
            "INSERT INTO websites (url) SELECT 'https://u:topsecret@' || n || '.test/' \
            FROM generate_series(1, {websites}) AS n"
        );
        fixture.execute(&websites).await;
        fixture
    }

    async fn execute(&self, sql: &str) {
        let statement = Statement::built("preparing a test", sql.to_owned());
        let done = self
            .database
            .attempt(async |client| statement.run(client).await);
        done.await.unwrap();
    }

    async fn value<T: tokio_postgres::types::FromSqlOwned>(&self, sql: &str) -> T {
        let statement = Statement::built("asking a test", sql.to_owned());
        let row = self
            .database
            .attempt(async |client| statement.query_one(client, &[]).await);
        row.await.unwrap().get(0)
    }

    /// Websites go down for one cause, so many seconds ago.
    async fn down(&self, websites: &str, seconds_ago: u32) {
        self.execute(&format!(
            "INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, \
            error_code, failure_reason, failure_phase, remote_address, locations_down, locations_heard) \
            SELECT id, now() - {seconds_ago} * interval '1 second', now(), gen_random_uuid(), '', -1, \
            'connect_timeout', 'connect', '203.0.113.7:443', 1, 1 FROM websites WHERE {websites}; \
            INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, created_at) \
            SELECT 'r0', 'down', 'incident ' || incidents.id, incidents.id, website_id, \
            now() - {seconds_ago} * interval '1 second' \
            FROM incidents JOIN websites ON websites.id = website_id \
            WHERE closed_at IS NULL AND {} ON CONFLICT DO NOTHING",
            websites.replace("id", "website_id")
        ))
        .await;
    }

    /// They are up again.
    async fn up(&self, websites: &str) {
        self.execute(&format!(
            "WITH closed AS (UPDATE incidents SET ended_at = now(), closed_at = now() \
            WHERE closed_at IS NULL AND {} RETURNING id) \
            INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, created_at) \
            SELECT receiver, 'up', subject, incident_id, website_id, now() - interval '1 minute' \
            FROM outbox JOIN closed ON incident_id = closed.id WHERE kind = 'down'",
            websites.replace("id", "website_id")
        ))
        .await;
    }

    async fn gather(&self) -> usize {
        gather(&self.database, &self.settings).await.unwrap()
    }

    /// Delivers what is due, once for each receiver, and says to how many.
    async fn deliver(&self) -> usize {
        let names = self.settings.receivers.iter().map(|it| it.name.as_str());
        let names: Vec<_> = names.collect();
        let leased = lease(&self.database, &names).await.unwrap();
        let count = leased.len();
        for leased in leased {
            let receiver = self.settings.receivers.named(&leased.receiver).unwrap();
            deliver(&self.database, receiver, leased).await.unwrap();
        }
        count
    }

    async fn all_due(&self) {
        self.execute("UPDATE alerts SET next_attempt_at = now() WHERE sent_at IS NULL")
            .await;
    }

    async fn remind(&self) -> u64 {
        let receivers = &self.settings.receivers;
        remind(&self.database, receivers).await.unwrap()
    }

    /// As if what was written, and told, had been so for longer than a receiver wants to be reminded.
    async fn an_hour_goes_by(&self) {
        self.execute(
            "UPDATE outbox SET created_at = created_at - interval '61 minutes'; \
            UPDATE alerts SET sent_at = sent_at - interval '61 minutes'",
        )
        .await;
    }

    async fn posted(&mut self, receiver: usize) -> Posted {
        let posted = timeout(PATIENCE, self.inboxes[receiver].next()).await;
        posted.unwrap().unwrap()
    }

    async fn headline(&mut self, receiver: usize) -> String {
        json(&self.posted(receiver).await)["headline"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn settings(path: &Path) -> AlertSettings {
    AlertSettings {
        receivers: Arc::new(Receivers::read(path, &|_| None).unwrap()),
        group_wait: Duration::from_secs(30),
        status_url: Some("https://status.test".to_owned()),
        group_slos: Vec::new(),
    }
}

fn json(posted: &Posted) -> Value {
    serde_json::from_str(&posted.body).unwrap()
}

#[tokio::test]
async fn one_cause_is_told_once_and_its_end_once() {
    let mut fixture = Fixture::new(41, 1).await;
    fixture.down("id <= 41", 10).await;
    assert_eq!(
        fixture.gather().await,
        0,
        "others of the same cause may come"
    );
    fixture
        .execute("UPDATE outbox SET created_at = created_at - interval '20 s'")
        .await;
    assert_eq!((fixture.gather().await, fixture.gather().await), (1, 0));
    assert_eq!((fixture.deliver().await, fixture.deliver().await), (1, 0));
    let down = fixture.posted(0).await;
    let alert = json(&down);
    assert_eq!(
        alert["headline"],
        "41 sites: connect timed out, 203.0.113.7"
    );
    assert_eq!(alert["link"], "https://status.test/incidents/1");
    assert!(!down.body.contains("topsecret"), "{}", down.body);
    assert_eq!(down.header("idempotency-key"), alert["id"].as_str());
    let causes: i64 = fixture
        .value("SELECT count(*) FROM incidents WHERE cause_id = 1")
        .await;
    assert_eq!(causes, 41);
    fixture.up("id <= 40").await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let headline = fixture.headline(0).await;
    assert!(
        headline.starts_with("40 sites: up again after "),
        "{headline}"
    );
    assert!(headline.contains("; 1 still down"), "{headline}");
    fixture.up("id = 41").await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let up = json(&fixture.posted(0).await);
    assert_eq!(
        (up["key"].as_str(), up["is_over"].as_bool()),
        (Some("incident 1"), Some(true))
    );
}

#[tokio::test]
async fn what_is_refused_is_tried_again_by_the_same_id_and_before_its_end() {
    let mut fixture = Fixture::new(1, 1).await;
    fixture.inboxes[0].answer(Answer::Status(500, ""));
    fixture.inboxes[0].answer(Answer::Status(429, "Retry-After: 120"));
    fixture.down("id = 1", 60).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let first = fixture.posted(0).await;
    let error: String = fixture.value("SELECT last_error FROM alerts").await;
    assert_eq!(error, "127.0.0.1 answered 500 Internal Server Error");
    fixture.up("id = 1").await;
    assert_eq!(fixture.gather().await, 1);
    // A busy machine may take longer than it waits for the next attempt.
    let later = "UPDATE alerts SET next_attempt_at = next_attempt_at + interval '1 hour' WHERE attempts > 0";
    fixture.execute(later).await;
    assert_eq!(fixture.deliver().await, 0, "its end waits for it");
    fixture.all_due().await;
    assert_eq!(fixture.deliver().await, 1);
    let second = fixture.posted(0).await;
    assert_eq!(
        first.header("idempotency-key"),
        second.header("idempotency-key")
    );
    assert_eq!(first.body, second.body);
    let wait = "SELECT extract(epoch FROM next_attempt_at - now())::double precision FROM alerts WHERE kind = 'down'";
    let wait: f64 = fixture.value(wait).await;
    assert!((60.0..=120.0).contains(&wait), "429 says how long: {wait}");
    fixture.all_due().await;
    assert_eq!((fixture.deliver().await, fixture.deliver().await), (1, 1));
    assert_eq!(
        fixture.headline(0).await,
        "https://***@1.test/: connect timed out"
    );
    assert!(fixture.headline(0).await.contains("up again"));
}

#[tokio::test]
async fn a_consumer_that_is_killed_between_sending_and_noting_repeats_by_the_same_id() {
    let mut fixture = Fixture::new(1, 1).await;
    fixture.down("id = 1", 60).await;
    fixture.gather().await;
    let receivers = fixture.settings.receivers.clone();
    let leased = lease(&fixture.database, &["r0"]).await.unwrap().remove(0);
    let content: String = fixture.value("SELECT content::text FROM alerts").await;
    let alert: notify::Alert = serde_json::from_str(&content).unwrap();
    assert_eq!(
        receivers.named("r0").unwrap().send(&alert).await,
        notify::Outcome::Sent
    );
    // Killed here: nothing is noted. Nobody else sends while it could still be at it.
    drop(leased);
    assert_eq!(fixture.deliver().await, 0);
    fixture.all_due().await;
    assert_eq!(fixture.deliver().await, 1);
    let (first, second) = (fixture.posted(0).await, fixture.posted(0).await);
    assert_eq!(
        first.header("idempotency-key"),
        second.header("idempotency-key")
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_other_and_two_notifiers_tell_once() {
    let mut fixture = Fixture::new(3, 2).await;
    fixture.inboxes[0].answer(Answer::Silence);
    fixture.down("id <= 3", 60).await;
    fixture
        .execute(
            "INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, created_at) \
            SELECT 'r1', kind, subject, incident_id, website_id, created_at FROM outbox",
        )
        .await;
    let stop = CancellationToken::new();
    let run = || {
        super::notify(
            fixture.database.clone(),
            fixture.settings.clone(),
            stop.clone(),
        )
    };
    let notifiers = [tokio::spawn(run()), tokio::spawn(run())];
    let headline = fixture.headline(1).await;
    assert_eq!(headline, "3 sites: connect timed out, 203.0.113.7");
    fixture.posted(0).await;
    let sent = "SELECT string_agg(receiver, ' ') FROM alerts WHERE sent_at IS NOT NULL";
    timeout(PATIENCE, async {
        while fixture.value::<Option<String>>(sent).await.as_deref() != Some("r1") {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let alerts: i64 = fixture.value("SELECT count(*) FROM alerts").await;
    assert_eq!(alerts, 2, "one a receiver");
    stop.cancel();
    for notifier in notifiers {
        notifier.await.unwrap();
    }
}

#[tokio::test]
async fn maintenance_holds_back_and_what_is_over_by_its_end_is_never_told() {
    let mut fixture = Fixture::new(2, 1).await;
    fixture
        .execute(
            "INSERT INTO maintenance_spans (website_id, starts_at, ends_at) \
            SELECT id, now() - interval '1 hour', now() + interval '1 hour' FROM websites",
        )
        .await;
    fixture.down("id <= 2", 60).await;
    assert_eq!(fixture.gather().await, 0);
    fixture.up("id = 1").await;
    assert_eq!(fixture.gather().await, 0);
    // The window's end.
    fixture
        .execute(
            "UPDATE maintenance_spans SET ends_at = now(); \
            UPDATE outbox SET not_before = now() WHERE kind = 'down'",
        )
        .await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    assert_eq!(
        fixture.headline(0).await,
        "https://***@2.test/: connect timed out"
    );
    let withheld = "SELECT string_agg(kind || ': ' || withheld, ', ' ORDER BY id) FROM outbox";
    let withheld: String = fixture.value(withheld).await;
    assert_eq!(
        withheld,
        "down: over before the maintenance ended, up: its beginning was not told"
    );
}

#[tokio::test]
async fn a_flapping_website_is_told_once_an_hour_unless_it_stays_down() {
    let mut fixture = Fixture::new(1, 1).await;
    for _ in 0..3 {
        fixture.down("id = 1", 60).await;
        fixture.up("id = 1").await;
    }
    assert_eq!(
        fixture.gather().await,
        0,
        "what tells that it flaps is young"
    );
    fixture
        .execute(
            "UPDATE outbox SET created_at = now() - interval '1 minute' WHERE kind = 'flapping'",
        )
        .await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let headline = fixture.headline(0).await;
    assert_eq!(
        headline,
        "https://***@1.test/: flapping: 6 changes in an hour"
    );
    fixture.down("id = 1", 60).await;
    assert_eq!(fixture.gather().await, 0, "it may be up again in a moment");
    fixture
        .execute(
            "UPDATE outbox SET not_before = now(), created_at = now() - interval '11 minutes' \
            WHERE withheld IS NULL AND alert_id IS NULL",
        )
        .await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    assert_eq!(
        fixture.headline(0).await,
        "https://***@1.test/: connect timed out"
    );
}

/// Of which no statistics are, as of rows that were written just now: the server thinks that there is one.
const ALL_DOWN: &str = "
    ALTER TABLE outbox SET (autovacuum_enabled = off);
    ALTER TABLE incidents SET (autovacuum_enabled = off);
    INSERT INTO incidents (website_id, started_at, opened_at, opened_by, location, error_code, failure_reason,
        remote_address, locations_down, locations_heard, ended_at, closed_at)
    SELECT id, now() - minutes * interval '1 minute', now() - minutes * interval '1 minute', gen_random_uuid(), '', -1,
        'connect_timeout', '203.0.113.7:443', 1, 1,
        CASE WHEN minutes > 1 THEN now() - (minutes - 1) * interval '1 minute' END,
        CASE WHEN minutes > 1 THEN now() - (minutes - 1) * interval '1 minute' END
    FROM websites, unnest(ARRAY[1, 10, 20, 30]) AS minutes WHERE minutes = 1 OR id % 2 = 0;
    INSERT INTO outbox (receiver, kind, subject, incident_id, website_id, created_at)
    SELECT receiver, 'down', 'incident ' || id, id, website_id, started_at
    FROM incidents, unnest(ARRAY['r0', 'r1']) AS receiver WHERE closed_at IS NULL";

#[tokio::test]
async fn thousands_of_websites_that_go_down_at_once_are_told_in_time() {
    let fixture = Fixture::new(3000, 2).await;
    fixture.execute(ALL_DOWN).await;
    // Within the time that an attempt may take.
    assert_eq!(fixture.gather().await, 2);
    let told = "SELECT count(*) FROM outbox WHERE alert_id IS NOT NULL";
    assert_eq!(fixture.value::<i64>(told).await, 3000);
    let flapping = "SELECT count(*) FROM outbox WHERE kind = 'flapping'";
    assert_eq!(fixture.value::<i64>(flapping).await, 3000);
}

#[tokio::test]
async fn what_lasts_is_told_again_after_as_long_as_its_receiver_wants() {
    let mut fixture = Fixture::new(1, 1).await;
    fixture.down("id = 1", 3700).await;
    assert_eq!(fixture.remind().await, 0, "it was not told yet");
    assert_eq!(fixture.gather().await, 1);
    assert_eq!(fixture.remind().await, 0, "it is not sent yet");
    assert_eq!(fixture.deliver().await, 1);
    fixture.posted(0).await;
    assert_eq!(fixture.remind().await, 0, "it was told just now");
    fixture.an_hour_goes_by().await;
    assert_eq!((fixture.remind().await, fixture.remind().await), (1, 0));
    fixture.an_hour_goes_by().await;
    assert_eq!((fixture.gather().await, fixture.remind().await), (1, 0));
    assert_eq!(fixture.deliver().await, 1);
    let told = json(&fixture.posted(0).await);
    assert_eq!(
        told["headline"],
        "https://***@1.test/: still down: connect timed out"
    );
    assert_eq!(
        (&told["kind"], &told["key"]),
        (&"reminder".into(), &"incident 1".into())
    );
}

#[tokio::test]
async fn a_reminder_has_the_key_and_the_names_of_its_beginning() {
    let mut fixture = Fixture::new(3, 1).await;
    let named = async |fixture: &Fixture, name: &str| {
        let target = format!(r#"{{"name": "{name} ' || id || '", "group": "{name}"}}"#);
        let sql = format!("UPDATE websites SET target = ('{target}')::jsonb");
        fixture.execute(&sql).await;
    };
    named(&fixture, "old").await;
    fixture.down("id IN (1, 2, 3)", 60).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let key = json(&fixture.posted(0).await)["key"].clone();
    fixture.up("id = 1").await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    assert_eq!(json(&fixture.posted(0).await)["key"], key);
    named(&fixture, "new").await;
    fixture.an_hour_goes_by().await;
    assert_eq!(fixture.remind().await, 2);
    fixture.an_hour_goes_by().await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let told = json(&fixture.posted(0).await);
    assert_eq!((&told["kind"], &told["key"]), (&"reminder".into(), &key));
    assert_eq!(
        told["headline"],
        "2 sites: still down: connect timed out, 203.0.113.7"
    );
    let sites = told["sites"].as_array().unwrap();
    let shown = sites.iter().map(|site| (&site["name"], &site["group"]));
    let expected = ["old 2", "old 3"].map(Value::from);
    let old = Value::from("old");
    assert!(
        shown.eq(expected.iter().map(|name| (name, &old))),
        "{sites:?}"
    );
}

#[tokio::test]
async fn nobody_is_reminded_of_a_website_that_left_the_targets() {
    let fixture = Fixture::new(2, 1).await;
    let writer = testing::writer_on(fixture.database.clone());
    writer
        .make_days_ahead(jiff::Timestamp::now())
        .await
        .unwrap();
    fixture.down("id IN (1, 2)", 60).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    fixture
        .execute(
            "INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, outcome, failure_reason, response_time) \
            VALUES (1, now(), gen_random_uuid(), -1, 'skipped', 'target_removed', -1), \
            (2, now(), gen_random_uuid(), -1, 'down', 'connect_timeout', 1)",
        )
        .await;
    fixture.an_hour_goes_by().await;
    assert_eq!(fixture.remind().await, 2);
    assert_eq!(fixture.remind().await, 0);
    fixture.an_hour_goes_by().await;
    assert_eq!(fixture.gather().await, 1);
    let told = "SELECT string_agg(website_id || ': ' || coalesce(withheld, 'told'), ', ' ORDER BY website_id) \
        FROM outbox WHERE kind = 'reminder'";
    let told: String = fixture.value(told).await;
    assert_eq!(told, "1: no targets name it any more, 2: told");
}

#[tokio::test]
async fn websites_that_join_a_cause_are_told_together_some_minutes_later() {
    let mut fixture = Fixture::new(5, 1).await;
    fixture.down("id <= 2", 60).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    assert_eq!(
        fixture.headline(0).await,
        "2 sites: connect timed out, 203.0.113.7"
    );
    // One after the other.
    fixture.down("id = 3", 60).await;
    assert_eq!(fixture.gather().await, 0);
    fixture.down("id = 4", 60).await;
    assert_eq!(
        fixture.gather().await,
        0,
        "they join what was told just now"
    );
    let minutes_go_by = "UPDATE alerts SET created_at = created_at - interval '5 minutes'";
    fixture.execute(minutes_go_by).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let joined = json(&fixture.posted(0).await);
    assert_eq!(
        joined["headline"],
        "2 more sites: connect timed out, 203.0.113.7 (4 so far)"
    );
    assert_eq!(
        (&joined["key"], &joined["told_before"]),
        (&"incident 1".into(), &2.into())
    );
    let causes: i64 = fixture
        .value("SELECT count(*) FROM incidents WHERE cause_id = 1")
        .await;
    assert_eq!(causes, 4);
    // The ends of all are one, and over is what nothing is left of.
    fixture.up("id <= 3").await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let part = json(&fixture.posted(0).await);
    let headline = part["headline"].as_str().unwrap();
    assert!(headline.contains("; 1 still down"), "{headline}");
    assert_eq!(
        (&part["kind"], &part["key"], &part["is_over"]),
        (&"up".into(), &"incident 1".into(), &false.into())
    );
    fixture.up("id = 4").await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let last = json(&fixture.posted(0).await);
    assert_eq!(
        (&last["key"], &last["is_over"]),
        (&"incident 1".into(), &true.into())
    );
    // What nobody is down for any more is told anew.
    fixture.down("id = 5", 60).await;
    assert_eq!((fixture.gather().await, fixture.deliver().await), (1, 1));
    let anew = json(&fixture.posted(0).await);
    assert_eq!(
        (&anew["headline"], &anew["key"]),
        (
            &"https://***@5.test/: connect timed out".into(),
            &"incident 5".into()
        )
    );
}

/// Each website failed every third check of the last hour.
const FAILING: &str = "UPDATE websites SET target = '{\"slo\": 99}'; \
    INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, outcome, response_time) \
    SELECT id, now() - minute * interval '1 minute', gen_random_uuid(), 200, \
    CASE minute % 3 WHEN 1 THEN 'down' ELSE 'up' END, 1 FROM websites, generate_series(1, 59) AS minute";

#[tokio::test]
async fn budgets_that_burn_together_are_told_together_and_so_are_their_ends() {
    let mut fixture = Fixture::new(2, 1).await;
    let names = Names {
        all: vec!["r0".into()],
        defaults: vec!["r0".into()],
    };
    let writer = testing::writer_on(fixture.database.clone());
    let now = jiff::Timestamp::now();
    for time in [now - jiff::SignedDuration::from_hours(24), now] {
        writer.make_days_ahead(time).await.unwrap();
    }
    fixture.execute(FAILING).await;
    burns::round(&fixture.database, &names).await.unwrap();
    let began = fixture.both_rules("burn", false).await;
    fixture.execute("UPDATE metrics SET outcome = 'up'").await;
    burns::round(&fixture.database, &names).await.unwrap();
    let ended = fixture.both_rules("burn_over", true).await;
    assert_eq!(began, ended);
}

impl Fixture {
    /// Delivers what is told by both rules of error budgets, each once for both websites, and hands back its keys.
    async fn both_rules(&mut self, kind: &str, is_over: bool) -> Vec<String> {
        self.execute("UPDATE outbox SET created_at = created_at - interval '1 minute'")
            .await;
        assert_eq!(self.gather().await, 2);
        let mut keys = Vec::new();
        for _ in 0..2 {
            assert_eq!(self.deliver().await, 1);
            let told = json(&self.posted(0).await);
            assert_eq!(
                (&told["kind"], &told["sites_count"], &told["is_over"]),
                (&kind.into(), &2.into(), &is_over.into())
            );
            keys.push(told["key"].as_str().unwrap().to_owned());
        }
        keys.sort();
        keys
    }
}

#[tokio::test]
async fn what_somebody_withholds_at_this_moment_is_not_told() {
    let fixture = Fixture::new(1, 1).await;
    fixture
        .execute(
            "INSERT INTO outbox (receiver, kind, subject, content, created_at) VALUES \
            ('r0', 'silent', 'silence 1', '{\"what\": \"silent\"}', now() - interval '1 minute')",
        )
        .await;
    let late = Statement::new(
        "preparing a test",
        "UPDATE outbox SET withheld = 'over before it was told'",
    );
    let withheld = fixture.database.attempt(async |client| {
        let transaction = database::begin(client).await?;
        late.execute(&transaction, &[]).await?;
        assert_eq!(fixture.gather().await, 0);
        database::commit(transaction, "committing a test").await
    });
    withheld.await.unwrap();
    assert_eq!(fixture.gather().await, 0);
}
