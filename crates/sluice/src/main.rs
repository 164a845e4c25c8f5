//! The command line: wiring only.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    sluice::run(sluice::cli::Cli::parse()).await
}
