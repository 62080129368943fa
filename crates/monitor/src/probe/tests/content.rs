//! Pages: their coding, their charset, their size, and what is found in them.

use std::io::Write;

use async_compression::tokio::write::{BrotliEncoder, ZstdEncoder};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

async fn finish(mut encoder: impl AsyncWrite + Unpin, text: &[u8]) {
    encoder.write_all(text).await.unwrap();
    encoder.shutdown().await.unwrap();
}

async fn brotli(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    finish(BrotliEncoder::new(&mut out), text).await;
    out
}

async fn zstd(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    finish(ZstdEncoder::new(&mut out), text).await;
    out
}

#[tokio::test]
async fn every_coding_that_is_asked_for_is_understood() {
    let text = b"Hello";
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(text).unwrap();
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(text).unwrap();
    let table = [
        ("gzip", gzip(text)),
        ("X-GZIP", gzip(text)),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", bare.finish().unwrap()),
        ("br", brotli(text).await),
        ("zstd", zstd(text).await),
        ("gzip, br", brotli(&gzip(text)).await),
        ("identity", text.to_vec()),
        ("unheard-of", text.to_vec()),
        // What comes after the end, browsers pass over.
        ("gzip", [gzip(text), b"junk".to_vec()].concat()),
    ];
    for (coding, body) in table {
        let url = site(page(&format!("Content-Encoding: {coding}\r\n"), body)).await;
        let (_, response) = up(probe(&url, "hello").await);
        assert_eq!(
            (response.matched, response.body_bytes),
            (found("Hello"), 5),
            "{coding}"
        );
    }
    let (_, empty) = up(probe(&site(page("Content-Encoding: gzip\r\n", "")).await, "x").await);
    assert_eq!(empty.body_bytes, 0);
}

#[tokio::test]
async fn a_coding_that_is_broken_is_a_broken_protocol() {
    let whole = gzip(&vec![b'x'; 50_000]);
    for body in [
        b"no gzip at all".to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ] {
        let url = site(page("Content-Encoding: gzip\r\n", body)).await;
        let (_, response, failure) = down(probe(&url, "x").await);
        assert_eq!(
            (failure.reason, failure.phase),
            (FailureReason::ProtocolError, Some(Phase::Body))
        );
        assert_eq!(response.unwrap().status, 200);
    }
    let many = "Content-Encoding: gzip, gzip, gzip, gzip\r\n";
    let (_, _, failure) = down(probe(&site(page(many, "x")).await, "x").await);
    assert_eq!(failure.reason, FailureReason::ProtocolError);
}

#[tokio::test]
async fn bombs_of_every_coding_are_read_to_the_cap_and_no_further() {
    let zeros = vec![b'a'; 20_000_000];
    for (coding, body) in [
        ("gzip", gzip(&zeros)),
        ("br", brotli(&zeros).await),
        ("zstd", zstd(&zeros).await),
    ] {
        let url = site(page(&format!("Content-Encoding: {coding}\r\n"), body)).await;
        let (_, response) = up(probe(&url, "b").await);
        assert_eq!(
            (
                response.body_bytes,
                response.body_truncated,
                response.matched
            ),
            (100_000, true, Match::NotEvaluated),
            "{coding}"
        );
    }
}

#[tokio::test]
async fn an_endless_page_is_cut_and_what_is_found_before_counts() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await?;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nHello")
            .await?;
        loop {
            stream.write_all(&[b'x'; 10_000]).await?;
        }
    })
    .await;
    let (_, response) = up(probe(&url, "hello").await);
    assert_eq!(
        (
            response.body_bytes,
            response.body_truncated,
            response.matched
        ),
        (100_000, true, found("Hello"))
    );
    let (_, response) = up(probe(&url, "world").await);
    assert_eq!(response.matched, Match::NotEvaluated);
}

#[tokio::test]
async fn a_page_of_exactly_the_cap_is_whole() {
    let (_, response) = up(probe(&site(page("", "x".repeat(100_000))).await, "y").await);
    assert_eq!(
        (
            response.body_bytes,
            response.body_truncated,
            response.matched
        ),
        (100_000, false, Match::NotMatched)
    );
    let (_, response) = up(probe(&site(page("", "x".repeat(100_001))).await, "y").await);
    assert_eq!(
        (response.body_bytes, response.body_truncated),
        (100_000, true)
    );
}

#[tokio::test]
async fn only_texts_are_searched_and_in_their_charset() {
    let table: [(&str, &[u8], Match); 6] = [
        (
            "Content-Type: text/html; charset=iso-8859-1\r\n",
            b"Gr\xf6\xdfe",
            found("Größe"),
        ),
        (
            "Content-Type: text/html\r\n",
            b"<meta charset=latin1>Gr\xf6\xdfe",
            found("Größe"),
        ),
        (
            "Content-Type: application/json\r\n",
            "{\"a\":\"größe\"}".as_bytes(),
            found("größe"),
        ),
        (
            "Content-Type: image/png\r\n",
            "Größe".as_bytes(),
            Match::NotEvaluated,
        ),
        ("", "Größe".as_bytes(), found("Größe")),
        ("", "\0\u{1}Größe".as_bytes(), Match::NotEvaluated),
    ];
    for (head, body, matched) in table {
        let (_, response) = up(probe(&site(page(head, body)).await, "größe").await);
        assert_eq!(response.matched, matched, "{head}");
        assert_eq!(response.body_bytes, body.len() as u64);
    }
}

#[tokio::test]
async fn a_pattern_that_is_not_found_leaves_the_site_up() {
    let (_, response) = up(probe(&site(page("", "Hello")).await, "world").await);
    assert_eq!(response.matched, Match::NotMatched);
    let (_, response) = up(probe(&site(page("", "Hello")).await, "").await);
    assert_eq!(response.matched, Match::NotEvaluated);
}
