//! `harness::parquet` on what the fuzzer finds.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::hold(fuzz::harness::parquet(data)));
