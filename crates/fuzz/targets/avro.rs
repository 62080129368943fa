//! Feeds what libFuzzer makes up to `fuzz::avro`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::avro(bytes));
