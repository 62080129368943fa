//! Feeds what libFuzzer makes up to `fuzz::targets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::targets(bytes));
