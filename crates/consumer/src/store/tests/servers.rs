use database::{Database, DatabaseSettings, Passwords, TlsSettings};
use deadpool_postgres::Object;
use devstack::{Postgres, PostgresOptions, Server};
use tokio::sync::oneshot;

async fn port_of(client: &Object) -> u16 {
    let row = client.query_one("SHOW port", &[]).await.unwrap();
    row.get::<_, String>(0).parse().unwrap()
}

async fn ask(database: &Database) -> u16 {
    let asked = database.attempt(async |client| Ok(port_of(client).await));
    asked.await.unwrap()
}

#[tokio::test]
async fn a_connection_to_a_server_that_was_left_is_not_used_again() {
    let mut first = Postgres::throwaway(PostgresOptions::default())
        .await
        .unwrap();
    let second = Postgres::standby_of(&first).await.unwrap();
    let uri = first.superuser_uri();
    let (credentials, _) = uri.rsplit_once('@').unwrap();
    let ports = [first.port(), second.port()];
    let [one, other] = ports.map(|port| format!("127.0.0.1:{port}"));
    let settings = DatabaseSettings {
        connection: format!(
            "{credentials}@{one},{other}/postgres?connect_timeout=4&target_session_attrs=any"
        )
        .parse()
        .unwrap(),
        passwords: Passwords::default(),
        tls: TlsSettings::Off,
        connections_max: 5,
        application_name: "tests",
    };
    let database = Database::new(&settings).unwrap();
    let reading = database.for_reading(1).unwrap();
    assert_eq!(ask(&reading).await, first.port());

    // It is in use while its server falls silent, and until that goes on.
    let (taken, is_taken) = oneshot::channel();
    let (release, is_released) = oneshot::channel();
    let pool = database.clone();
    let held = tokio::spawn(async move {
        let held = pool.attempt(async |client| {
            let port = port_of(client).await;
            taken.send(()).unwrap();
            is_released.await.unwrap();
            Ok(port)
        });
        held.await.unwrap()
    });
    is_taken.await.unwrap();
    first.pause().unwrap();
    assert_eq!(ask(&database).await, second.port());
    first.resume().unwrap();
    release.send(()).unwrap();
    assert_eq!(held.await.unwrap(), first.port());

    // As many at once as the pool has: each has one of its own.
    let asked = tokio::join!(ask(&database), ask(&database));
    assert_eq!(asked, (second.port(), second.port()));
    // Whoever reads has gone there, too: the page would show what nobody adds to.
    assert_eq!(ask(&reading).await, second.port());
}
