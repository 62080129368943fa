use std::{fs, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    routing::any,
};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::settings::Reader;

/// What a registry answers to whatever it is asked.
struct Stub {
    status: StatusCode,
    body: &'static str,
    /// What it expects to be asked.
    asked: &'static str,
}

async fn answer(
    State(stub): State<Arc<Stub>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, &'static str) {
    let login = headers.get("authorization").map(|it| it.to_str().unwrap());
    // user:geh%eim
    assert_eq!(login, Some("Basic dXNlcjpnZWglZWlt"));
    assert_eq!(format!("{method} {uri}"), stub.asked);
    let header = |name| headers.get(name).map(|it| it.to_str().unwrap());
    let called = "application/vnd.schemaregistry.v1+json";
    assert!(header("accept").is_some_and(|it| it.starts_with(called)));
    let of_body = (method == Method::POST).then_some(called);
    assert_eq!(header("content-type"), of_body);
    (stub.status, stub.body)
}

fn registry(address: SocketAddr) -> Registry {
    let url = format!("http://user:geh%25eim@{address}/api/");
    let mut reader = Reader::from_pairs(&[("SCHEMA_REGISTRY_URL", &url)]);
    let settings = RegistrySettings::read(&mut reader);
    Registry::new(&reader.finish(settings).unwrap().unwrap()).unwrap()
}

async fn stub(asked: &'static str, status: u16, body: &'static str) -> Registry {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let stub = Arc::new(Stub {
        status,
        body,
        asked,
    });
    let router = Router::new()
        .route("/{*path}", any(answer))
        .with_state(stub);
    tokio::spawn(async { axum::serve(listener, router).await });
    registry(address)
}

#[tokio::test]
async fn questions_are_asked_as_the_api_has_them() {
    let asked = "GET /api/schemas/ids/7";
    let registry = stub(asked, 200, r#"{"schema":"\"int\""}"#).await;
    assert_eq!(registry.schema(7).await.unwrap(), "\"int\"");
    let asked = "POST /api/subjects/a%20b-value/versions";
    let registry = stub(asked, 200, r#"{"id":9}"#).await;
    assert_eq!(registry.register("a b-value", "{}").await.unwrap(), 9);
    let asked = "POST /api/subjects/a-value";
    let registry = stub(asked, 200, r#"{"id":9,"version":1}"#).await;
    assert_eq!(registry.look_up("a-value", "{}").await.unwrap(), 9);
    let asked = "GET /api/subjects/a-value/versions/latest";
    let registry = stub(asked, 404, r#"{"error_code":40401,"message":"none"}"#).await;
    assert_eq!(registry.latest("a-value").await.unwrap(), None);
}

#[tokio::test]
async fn what_an_answer_means_is_told_with_its_words_and_no_secret() {
    let asked = "GET /api/schemas/ids/7";
    let ask = async |status, body| {
        let error = stub(asked, status, body).await.schema(7).await.unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("the schema registry (http://127.0.0.1:"));
        assert!(!said.contains("geh"), "{said}");
        error
    };
    let error = ask(404, r#"{"error_code":40403,"message":"Schema not found"}"#).await;
    assert!(matches!(&error, RegistryError::Unknown(it) if it.ends_with("Schema not found")));
    // Nobody's record is condemned by whoever stands where no registry is.
    for body in [
        "<html>",
        r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#,
    ] {
        let error = ask(404, body).await;
        assert!(matches!(&error, RegistryError::Away(it) if it.contains("check the path")));
    }
    let error = ask(500, "<html>").await;
    assert!(matches!(&error, RegistryError::Away(it) if it.ends_with("500 Internal Server Error")));
    let error = ask(401, "").await;
    assert!(
        matches!(&error, RegistryError::Denied(it) if it.contains("check SCHEMA_REGISTRY_USERNAME, and"))
    );
    let error = ask(403, "").await;
    assert!(
        matches!(&error, RegistryError::Denied(it) if it.ends_with("SCHEMA_REGISTRY_USERNAME may do there"))
    );
    assert!(matches!(ask(405, "").await, RegistryError::Denied(_)));
    let error = ask(302, "").await;
    assert!(
        matches!(&error, RegistryError::Away(it) if it.contains("302 Found, which leads elsewhere"))
    );
    assert!(matches!(ask(409, "{}").await, RegistryError::Refused(_)));
    let error = ask(200, "<html>").await;
    assert!(matches!(&error, RegistryError::Away(it) if it.contains("check the path")));
    let other = r#"{"schema":"message R {}","schemaType":"PROTOBUF"}"#;
    assert!(matches!(ask(200, other).await, RegistryError::Refused(_)));
}

/// A registry on TLS whose every schema is "int", and its certificate.
async fn encrypted() -> (SocketAddr, String) {
    let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust us hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut asked = [0; 1024];
            let end = stream.read(&mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..end]).to_lowercase();
            assert!(asked.contains("authorization: basic dxnlcjpnzwglzwlt"));
            let answer =
                b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"schema\":\"\\\"int\\\"\"}";
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (address, pair.cert.pem())
}

#[tokio::test]
async fn a_registry_of_an_own_authority_is_trusted_where_that_is_named() {
    let (address, authority) = encrypted().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority).unwrap();
    let url = format!("https://user:geh%25eim@{address}/");
    let mut pairs = vec![("SCHEMA_REGISTRY_URL", &*url)];
    let file = file.to_string_lossy();
    let ask = async |pairs: &[(&str, &str)]| {
        let mut reader = Reader::from_pairs(pairs);
        let settings = RegistrySettings::read(&mut reader);
        let settings = reader.finish(settings).unwrap().unwrap();
        Registry::new(&settings).unwrap().schema(7).await
    };
    let error = ask(&pairs).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Away(it) if it.contains("certificate")));
    assert!(
        error
            .to_string()
            .contains("check SCHEMA_REGISTRY_URL and SCHEMA_REGISTRY_CAFILE")
    );
    pairs.push(("SCHEMA_REGISTRY_CAFILE", &file));
    assert_eq!(ask(&pairs).await.unwrap(), "\"int\"");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_said_with_what_to_check() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = registry(address).schema(7).await.unwrap_err();
    let RegistryError::Away(said) = error else {
        panic!("{error}")
    };
    assert!(said.contains("Connection refused"), "{said}");
    assert!(said.contains("check SCHEMA_REGISTRY_URL"), "{said}");
    assert!(!said.contains("geh"), "{said}");
}

#[test]
fn wrong_settings_are_told_without_what_they_hold() {
    for (pairs, begin) in [
        (
            &[("SCHEMA_REGISTRY_URL", "ftp://u:geheim@h")][..],
            "SCHEMA_REGISTRY_URL: is not an http",
        ),
        (
            &[("SCHEMA_REGISTRY_URL", "geheim")],
            "SCHEMA_REGISTRY_URL: is not an http",
        ),
        (
            &[
                ("SCHEMA_REGISTRY_URL", "http://h"),
                ("SCHEMA_REGISTRY_PASSWORD", "geheim"),
            ],
            "SCHEMA_REGISTRY_USERNAME: is not set",
        ),
        (
            &[
                ("SCHEMA_REGISTRY_URL", "https://h"),
                ("SCHEMA_REGISTRY_CAFILE", "/nonexistent"),
            ],
            "SCHEMA_REGISTRY_CAFILE: cannot read",
        ),
    ] {
        let mut reader = Reader::from_pairs(pairs);
        RegistrySettings::read(&mut reader);
        let said = reader.finish(()).unwrap_err().to_string();
        assert!(said.starts_with(begin), "{said}");
        assert!(!said.contains("geheim"), "{said}");
    }
}
