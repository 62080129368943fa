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
        // The page is whole without its checksum.
        ("gzip", gzip(text)[..gzip(text).len() - 8].to_vec()),
        ("gzip", gzip(text)[..gzip(text).len() - 3].to_vec()),
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
async fn all_members_of_a_page_are_decoded_and_junk_after_them_is_passed_over() {
    let (first, second) = (b"<html>first half ", b"Welcome to the site</html>");
    let gzips = [gzip(first), gzip(second)].concat();
    let zstds = [zstd(first).await, zstd(second).await].concat();
    let nothing = vec![0; 1000];
    let corrupt = [&gzip(second)[..8], b"junk"].concat();
    let table = [
        ("gzip", gzips.clone()),
        ("gzip", [gzips.clone(), nothing.clone()].concat()),
        ("gzip", [gzips.clone(), b"\x1fjunk".to_vec()].concat()),
        ("gzip", [gzips, corrupt].concat()),
        ("zstd", zstds.clone()),
        ("zstd", [zstds.clone(), nothing].concat()),
        // A frame that is to be skipped stands between.
        (
            "zstd",
            [
                zstd(first).await,
                b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(),
                zstd(second).await,
            ]
            .concat(),
        ),
        ("zstd", [zstds, b"\x28junk".to_vec()].concat()),
    ];
    for (coding, body) in table {
        let url = site(page(&format!("Content-Encoding: {coding}\r\n"), body)).await;
        let (_, response) = up(probe(&url, "welcome").await);
        assert_eq!(
            (response.matched, response.body_bytes),
            (found("Welcome"), 43),
            "{coding}"
        );
    }
}

#[tokio::test]
async fn members_that_come_a_pause_apart_are_one_page() {
    let url = serve(|mut stream| async move {
        read_request(&mut stream).await?;
        let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
        stream.write_all(head).await?;
        for member in [
            gzip(b"<html>first half "),
            gzip(b"Welcome to the site</html>"),
        ] {
            let (start, rest) = member.split_at(1);
            for part in [start, rest] {
                stream.write_all(part).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    })
    .await;
    let (_, response) = up(probe(&url, "welcome").await);
    assert_eq!(
        (response.matched, response.body_bytes),
        (found("Welcome"), 43)
    );
}

#[tokio::test]
async fn what_a_transfer_coding_hides_is_sought_in_too() {
    let coded = gzip(b"Welcome");
    let chunked = |names: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {names}\r\n\r\n");
        let size = format!("{:x}\r\n", body.len());
        [head.as_bytes(), size.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
    };
    for names in [
        "gzip, chunked",
        "x-gzip,chunked",
        "gzip\r\nTransfer-Encoding: chunked",
    ] {
        let (_, response) = up(probe(&site(chunked(names, &coded)).await, "welcome").await);
        assert_eq!(
            (response.matched, response.body_bytes),
            (found("Welcome"), 7),
            "{names}"
        );
    }
    let (_, response) = up(probe(
        &site(chunked(
            "gzip, chunked\r\nContent-Encoding: gzip",
            &gzip(&coded),
        ))
        .await,
        "welcome",
    )
    .await);
    assert_eq!(response.matched, found("Welcome"));
    let (_, _, failure) = down(probe(&site(chunked("compress, chunked", b"x")).await, "x").await);
    assert_eq!(failure.reason, FailureReason::ProtocolError);
    assert!(failure.detail.unwrap().contains("compress"));
}

#[tokio::test]
async fn a_charset_may_be_declared_late() {
    // "Привет" in windows-1251.
    let text = b"\xcf\xf0\xe8\xe2\xe5\xf2";
    for style_bytes in [1500, 3500] {
        let style = "x".repeat(style_bytes);
        let start = format!("<html><style>{style}</style><meta charset=\"windows-1251\">");
        let body = [start.as_bytes(), text].concat();
        let url = site(page("Content-Type: text/html\r\n", body)).await;
        let (_, response) = up(probe(&url, "привет").await);
        assert_eq!(response.matched, found("Привет"), "{style_bytes}");
    }
}

#[tokio::test]
async fn a_coding_that_is_broken_is_a_broken_protocol() {
    let whole = gzip(&vec![b'x'; 50_000]);
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for body in [
        b"no gzip at all".to_vec(),
        whole[..5].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 9].to_vec(),
        changed,
        [b"\x1f\x8b\x08\x08\0\0\0\0\0\0".to_vec(), vec![b'n'; 5000]].concat(),
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
