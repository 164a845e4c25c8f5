//! `sluice local`

use local::{Functions, Local, Options};
use model::{Error, Kind, Result};

use crate::cli::{self, LocalServer};
use crate::command::Ended;
use crate::place::Place;
use crate::{demo_objects, screen};

/// Serves until Ctrl-C or SIGTERM.
pub async fn run(arguments: &LocalServer) -> Result<Ended> {
    let functions = match &arguments.functions {
        Some(url) => Functions::Url(url.clone()),
        None => Functions::InProcess,
    };
    let pace = match arguments.pace {
        cli::Pace::Real => local::Pace::Real,
        cli::Pace::Fast => local::Pace::Fast,
    };
    let options = Options { port: arguments.port, functions, pace, ..Options::at(&arguments.state) };
    let local = Local::start(options).await?;
    if arguments.demo {
        let place = Place::of(&local)?;
        demo_objects::put(&local, &place, &arguments.flights).await?;
    }
    screen::line(format_args!("# AWS on this machine, state in {}. Ctrl-C stops it.", arguments.state.display()));
    screen::line("# In another shell, for the AWS CLI, SDKs, cargo lambda watch and sluice:");
    for (name, value) in local.exports() {
        screen::line(format_args!("export {name}={value}"));
    }
    stopped().await?;
    local.stop().await?;
    Ok(Ended::Well)
}

/// Returns at Ctrl-C or SIGTERM.
async fn stopped() -> Result<()> {
    let fault = |error| Error::new(Kind::Bug, "listen for", "signals").because(error);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(fault)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(fault),
        _ = terminate.recv() => Ok(()),
    }
}
