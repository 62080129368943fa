//! The seeds, each as it is and changed in some hundred ways, the same in every run.

use std::{fs, panic::catch_unwind, path::Path};

use fastrand::Rng;

/// Changed inputs of each seed: what takes a second or two.
const CHANGED: usize = 400;
/// Edits of one changed input, at most.
const EDITS_MAX: usize = 6;
/// Where the random numbers begin. Another one tries others.
const SEED: u64 = 20_261_127;
/// What means something to one of the readers.
const PIECES: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\n",
    b"\"",
    b",",
    b"{",
    b"]",
    b"\\u",
    b"\\ud800",
    b"1e999",
    b"-1",
    b"9223372036854775808",
    b"://",
    b"@",
    b"%",
    b"%zz",
    b"${",
    b"(?=",
    b"(a*)*",
    b"\\1",
    b"&#",
];

#[test]
fn any_record_is_read_or_refused() {
    feed("record", super::record);
}

#[test]
fn any_avro_is_read_or_refused_by_any_schema() {
    feed("avro", super::avro);
}

#[test]
fn any_targets_file_is_read_row_by_row() {
    feed("targets", super::targets);
}

#[test]
fn any_page_is_decoded_and_searched() {
    feed("page", super::page);
}

#[test]
fn any_pg_uri_is_taken_or_refused_without_its_password() {
    feed("pg_uri", super::pg_uri);
}

fn feed(target: &str, take: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder.join("seeds").join(target)).unwrap();
    let mut seeds: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    let mut random = Rng::with_seed(SEED);
    for seed in seeds {
        let seed = fs::read(seed).unwrap();
        let changed = (0..CHANGED).map(|_| changed(&seed, &mut random));
        for input in [seed.clone()].into_iter().chain(changed) {
            let taken = catch_unwind(|| take(&input));
            assert!(taken.is_ok(), "{target} breaks on {}", input.escape_ascii());
        }
    }
}

/// The input with some edits: pieces put in, taken out, doubled, and bytes that are others.
fn changed(input: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..random.usize(1..=EDITS_MAX) {
        let from = random.usize(..=bytes.len());
        let until = (from + random.usize(..=16)).min(bytes.len());
        match random.u8(..4) {
            0 => drop(bytes.drain(from..until)),
            1 => bytes.extend_from_within(from..until),
            2 => {
                let piece = PIECES[random.usize(..PIECES.len())];
                bytes.splice(from..from, piece.iter().copied());
            }
            _ => bytes[from..until].fill_with(|| random.u8(..)),
        }
    }
    bytes
}
