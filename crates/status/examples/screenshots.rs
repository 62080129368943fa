//! Takes pictures of the status page over sample data, for people to look at: `make screenshots`. They go to
//! the folder that is named, `target/screenshots` else.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use browser::{Browser, Screen};
use database::{Database, DatabaseSettings, Passwords, TlsSettings};
use devstack::{Postgres, PostgresOptions};
use jiff::Timestamp;
use status::{Account, Outcomes, StatusPage, StatusSettings};
use tokio::{net::TcpListener, sync::watch};
use tokio_postgres::NoTls;

const PARTITIONS: &str = include_str!("../samples/partitions.sql");
const ROLL_UPS: &str = include_str!("../samples/roll_ups.sql");
const SHOPS: &str = include_str!("../samples/shops.sql");
const WELL: &str = include_str!("../samples/well.sql");
const SILENT: &str = include_str!("../samples/silent.sql");
const NAMES: &str = include_str!("../samples/names.sql");

/// What a database holds, and its pictures: a name, a path, how to look, whether down to the page's end.
struct Scene {
    samples: &'static [&'static str],
    pictures: &'static [(&'static str, &'static str, Screen, bool)],
}

const SCENES: [Scene; 5] = [
    Scene {
        samples: &[ROLL_UPS, SHOPS],
        pictures: &[
            ("light", "/", Screen::DESK, true),
            ("dark", "/", Screen::DESK.dark(), true),
            ("phone", "/", Screen::PHONE, true),
            ("wall", "/", Screen::WALL, false),
            ("wall-dark", "/", Screen::WALL.dark(), false),
            ("website", "/websites/1", Screen::DESK, true),
            ("website-phone", "/websites/4", Screen::PHONE, true),
            (
                "website-30d",
                "/websites/6?period=30d",
                Screen::DESK.dark(),
                true,
            ),
            ("incident", "/incidents/1", Screen::DESK, true),
            ("incident-phone", "/incidents/1", Screen::PHONE.dark(), true),
            ("incidents", "/incidents", Screen::DESK, true),
        ],
    },
    Scene {
        samples: &[ROLL_UPS, SHOPS, WELL],
        pictures: &[("well", "/", Screen::DESK, false)],
    },
    Scene {
        samples: &[ROLL_UPS, SHOPS, SILENT],
        pictures: &[("silent", "/", Screen::DESK, false)],
    },
    Scene {
        samples: &[NAMES],
        pictures: &[
            ("names", "/", Screen::DESK, true),
            ("names-phone", "/", Screen::PHONE, true),
            ("names-website", "/websites/1", Screen::DESK, false),
        ],
    },
    Scene {
        samples: &[],
        pictures: &[
            ("nothing", "/", Screen::DESK, false),
            ("missing", "/websites/1", Screen::DESK, false),
        ],
    },
];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args().nth(1);
    let folder = folder.map_or_else(|| PathBuf::from("target/screenshots"), PathBuf::from);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let postgres = Postgres::throwaway(PostgresOptions::default()).await?;
    let mut browser = Browser::open(Screen::DESK).await?;
    for (number, scene) in SCENES.iter().enumerate() {
        let uri = postgres.create_database(&format!("scene_{number}")).await?;
        let address = serve(&uri, scene.samples).await?;
        for picture in scene.pictures {
            take(&mut browser, &folder, &address, picture).await?;
        }
    }
    // Nobody answers there.
    let address = pages("postgres://nobody@127.0.0.1:1/nowhere").await?;
    let out = ("out", "/", Screen::DESK, false);
    take(&mut browser, &folder, &address, &out).await?;
    drop(browser);
    devstack::say(format_args!("The pictures are in {}", folder.display()));
    Ok(())
}

async fn take(
    browser: &mut Browser,
    folder: &Path,
    address: &str,
    (name, path, screen, is_whole): &(&str, &str, Screen, bool),
) -> Result<()> {
    browser.show_on(*screen).await?;
    browser.go(&format!("{address}{path}")).await?;
    let picture = browser.picture(*is_whole).await?;
    let file = folder.join(format!("{name}.png"));
    fs::write(&file, picture).with_context(|| format!("writing {}", file.display()))
}

fn database(uri: &str) -> Result<DatabaseSettings> {
    Ok(DatabaseSettings {
        connection: uri.parse()?,
        tls: TlsSettings::Off,
        passwords: Passwords::default(),
        connections_max: 2,
        application_name: "screenshots",
    })
}

/// Fills a database, and serves its pages.
async fn serve(uri: &str, samples: &[&str]) -> Result<String> {
    database::prepare(&Database::new(&database(uri)?)?)
        .await
        .map_err(|error| anyhow::anyhow!("making the tables: {error:?}"))?;
    let (client, connection) = tokio_postgres::connect(uri, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(PARTITIONS).await?;
    client.batch_execute(&samples.concat()).await?;
    pages(uri).await
}

async fn pages(uri: &str) -> Result<String> {
    let settings = StatusSettings {
        title: "Example status".to_owned(),
        public_tags: Vec::new(),
        credentials: None,
        shows_urls: true,
    };
    let (_tell, account) = watch::channel(Some(Arc::new(account())));
    let database = Database::new(&database(uri)?)?;
    let page = StatusPage::new(&settings, None, &database, account)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, page.router).await });
    Ok(format!("http://{address}"))
}

/// That all is accounted for, as nearly always.
fn account() -> Account {
    Account {
        until: Timestamp::now(),
        due: 20_160,
        outcomes: Outcomes {
            up: 19_668,
            down: 70,
            missed: 422,
            skipped: 0,
        },
        unaccounted: 0,
        findings: Vec::new(),
        other_findings: 0,
    }
}
