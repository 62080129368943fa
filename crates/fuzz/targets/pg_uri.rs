//! Feeds what libFuzzer makes up to `fuzz::pg_uri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::pg_uri(bytes));
