//! A database of a test's own, what it holds, and the pages that show it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use database::{Database, DatabaseSettings, Passwords, TlsSettings};
use devstack::{Postgres, PostgresOptions};
use tokio::{
    net::TcpListener,
    sync::{Mutex, OnceCell, watch},
};
use tokio_postgres::{Client, NoTls, Row};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Account, Lookout, StatusPage, StatusSettings};

static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
static TURN: Mutex<()> = Mutex::const_new(());
static NAMES: AtomicU32 = AtomicU32::new(0);

/// What a page answers.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }
}

pub(super) struct Fixture {
    pub(super) uri: String,
    client: Client,
    pages: Router,
    /// Looks as soon as the pages are served.
    lookout: Option<Lookout>,
    account: watch::Sender<Option<Arc<Account>>>,
}

impl Fixture {
    /// With the tables made, and partitions for a week.
    pub(super) async fn new() -> Self {
        Self::with(&settings(&[])).await
    }

    pub(super) async fn with(settings: &StatusSettings) -> Self {
        let uri = create().await;
        let at = Database::new(&database(&uri)).unwrap();
        database::prepare(&at).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&uri, NoTls).await.unwrap();
        tokio::spawn(connection);
        let (account, known) = watch::channel(None);
        let page = StatusPage::new(settings, None, &at, known).unwrap();
        let fixture = Self {
            pages: page.router,
            lookout: Some(page.lookout),
            account,
            uri,
            client,
        };
        fixture
            .execute(include_str!("../../samples/partitions.sql"))
            .await;
        fixture
    }

    pub(super) async fn execute(&self, statements: &str) {
        self.client.batch_execute(statements).await.unwrap();
    }

    pub(super) async fn rows(&self, query: &str) -> Vec<Row> {
        self.client.query(query, &[]).await.unwrap()
    }

    /// Websites with a name, spread over groups, each checked once just now; the seventh is down.
    pub(super) async fn websites_in_groups(&self, websites: u32, groups: u32) {
        self.execute(&format!(
            "INSERT INTO websites (id, url, target) SELECT id, 'https://site-' || id || '.example.com/', \
                jsonb_build_object('name', 'Site ' || id, 'group', 'Group ' || id % {groups}) \
            FROM generate_series(1, {websites}) AS id; \
            INSERT INTO metrics (website_id, scheduled_at, check_id, error_code, response_time, \
                \"interval\", outcome) \
            SELECT id, now() - interval '9 s', gen_random_uuid(), 200, random(), 60, \
                CASE id WHEN 7 THEN 'down' ELSE 'up' END FROM generate_series(1, {websites}) AS id"
        ))
        .await;
    }

    /// A website with a name, in a group.
    pub(super) async fn website(&self, id: i64, url: &str, target: &str) {
        self.execute(&format!(
            "INSERT INTO websites (id, url, target, created_at) \
            VALUES ({id}, '{url}', '{target}', now() - interval '100 days')"
        ))
        .await;
    }

    /// A result of a website's minutely check from a location some seconds ago; `columns` have `values`.
    pub(super) async fn result(&self, of: (i64, &str, i64), columns: &str, values: &str) {
        let (id, location, ago) = of;
        self.execute(&format!(
            "INSERT INTO metrics (website_id, location, scheduled_at, check_id, error_code, \
                response_time, \"interval\", {columns}) \
            VALUES ({id}, '{location}', now() - {ago} * interval '1 s', gen_random_uuid(), 200, 0.2, \
                60, {values})"
        ))
        .await;
    }

    /// A good one.
    pub(super) async fn up(&self, id: i64, location: &str, ago: i64) {
        self.result((id, location, ago), "outcome", "'up'").await;
    }

    /// Hands in an account.
    pub(super) fn account(&self, account: Account) {
        self.account.send_replace(Some(Arc::new(account)));
    }

    /// Serves the pages, for as long as the test runs: where.
    pub(super) async fn serve(&mut self) -> String {
        let lookout = self.lookout.take().expect("they are served once");
        tokio::spawn(lookout.run(CancellationToken::new()));
        self.serve_without_lookout().await
    }

    /// The same, and no page is told anything.
    pub(super) async fn serve_without_lookout(&mut self) -> String {
        self.lookout = None;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = self.pages.clone();
        tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
        format!("http://{address}")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        get(&self.pages, path, &[]).await
    }

    pub(super) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        get(&self.pages, path, headers).await
    }
}

/// The pages of a database, of which no account is known.
pub(super) fn pages(settings: &StatusSettings, database: &DatabaseSettings) -> StatusPage {
    let database = Database::new(database).unwrap();
    StatusPage::new(settings, None, &database, watch::channel(None).1).unwrap()
}

/// Asks for a page.
pub(super) async fn get(pages: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let (head, body) = pages.clone().oneshot(request).await.unwrap().into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        bytes: to_bytes(Body::new(body), usize::MAX)
            .await
            .unwrap()
            .to_vec(),
    }
}

pub(super) fn settings(public_tags: &[&str]) -> StatusSettings {
    StatusSettings {
        title: "Example <Status>".to_owned(),
        credentials: None,
        shows_urls: true,
        public_tags: public_tags.iter().map(|&tag| tag.to_owned()).collect(),
    }
}

pub(super) fn database(uri: &str) -> DatabaseSettings {
    DatabaseSettings {
        connection: uri.parse().unwrap(),
        passwords: Passwords::default(),
        tls: TlsSettings::Off,
        connections_max: 2,
        application_name: "tests",
    }
}

async fn create() -> String {
    let postgres = POSTGRES
        .get_or_init(|| async {
            let started = Postgres::throwaway(PostgresOptions::default()).await;
            started.expect("PostgreSQL starts")
        })
        .await;
    let name = format!("test_{}", NAMES.fetch_add(1, Ordering::Relaxed));
    // One after the other, since each copies the same template.
    let _turn = TURN.lock().await;
    let made = postgres.create_database(&name).await;
    made.expect("the database is made")
}
