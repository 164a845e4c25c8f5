//! The harness of the engine's own tests, for the fuzz targets. It holds no checks of its own.

#[path = "../../crates/engine/tests/harness/mod.rs"]
pub mod harness;

/// Stops the fuzzer at what does not hold.
pub fn hold(checked: Result<(), harness::Fault>) {
    if let Err(fault) = checked {
        panic!("{fault}");
    }
}
