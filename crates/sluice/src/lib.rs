//! The command line of Sluice.
//!
//! ```text
//! arguments (clap) ─► place: AWS by the environment, or the local in .sluice/ ─► one file a command ─► screen
//! ```
//!
//! It does nothing that a handler does: it uploads, waits, reads documents and the ledger, and shows them. It is a
//! library too, so that tests deliver and query as a person would.
//! Start reading at [`cli`]; each command is a file of [`command`].

pub mod cli;
pub mod command;
mod demo_objects;
pub mod follow;
pub mod history;
pub mod place;
pub mod proposal;
mod screen;
mod spoil;
pub mod trial;
pub mod upload;
pub mod warehouse;

use std::process::ExitCode;

/// Runs the command of these arguments; 2 is for what the caller must mend before trying again: usage, a bad dataset, a
/// missing set-up.
pub async fn run(arguments: cli::Cli) -> ExitCode {
    cli::log(&arguments);
    match command::run(arguments).await {
        Ok(command::Ended::Well) => ExitCode::SUCCESS,
        Ok(command::Ended::Badly) => ExitCode::from(1),
        Err(error) => {
            screen::error(&error);
            ExitCode::from(if error.kind() == model::Kind::Config { 2 } else { 1 })
        }
    }
}
