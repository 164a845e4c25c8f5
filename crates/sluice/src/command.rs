//! The commands: a file each, all of the form `run(arguments, json) -> Result<Ended>`.

pub mod check;
mod demo;
mod infer;
mod local;
pub mod plan;
mod query;
mod runs;
pub mod send;
mod show;
mod trial;

use model::Result;

use crate::cli::{Cli, Verb};

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As the caller wished.
    Well,
    /// The run it followed or showed failed or was refused.
    Badly,
}

/// Runs the command of these arguments.
pub async fn run(arguments: Cli) -> Result<Ended> {
    let json = arguments.json;
    match arguments.verb {
        Verb::Demo(demo) => demo::run(&demo).await,
        Verb::Local(server) => local::run(&server).await,
        Verb::Send(send) => send::run(&send, json).await,
        Verb::Infer(arguments) => infer::run(&arguments),
        Verb::Try(arguments) => trial::run(&arguments, json),
        Verb::Plan(plan) => plan::run(&plan, json).await,
        Verb::Query(query) => query::run(&query, json).await,
        Verb::Check(check) => check::run(&check, json).await,
        Verb::Runs(runs) => runs::run(&runs, json).await,
        Verb::Show(show) => show::run(&show, json).await,
    }
}
