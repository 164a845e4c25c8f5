//! loader: the rows of a run from the lake into the warehouse, in one transaction that counts them.
//!
//! ```text
//! parts ─► copy.manifest
//!            │           LoadStep, each one submission to the Redshift Data API; the state machine waits in between
//!            ▼
//!  prepare   schemas, ledger, lock and target tables where they are missing; ledger and the target's columns are read
//!  alter     only where the target lacks a column or a varchar is too short: one change, and prepare again
//!  stage     the footers of all files are held against staging; COPY into sluice.stage_<dataset>_<hash>, counted
//!  explain   only where COPY fails for good: what the warehouse knows of it is read, and the load ends with that
//!  publish   lock ► guards ► staging into the target ► ledger row ► earlier deliveries out ► count check ► drop
//!  verdict   the ledger is read: it alone says whether the run is published
//!            │
//!            ▼
//!        <n>/load.json
//! ```
//!
//! What it does *not* know: how rows are made, what the catalog holds, who calls it and how long is waited. It keeps no
//! connection and no clock. Every statement is submitted under a token computed from what it is for, so that a call
//! that is made twice, or by two executions at once, runs it once; failed tries are documents (`tries.rs`).
//!
//! Start reading at `steps.rs`, then `sql/publish.rs`. To add a load mode: a file in `mode/` and a word in its list.

mod alter;
mod class;
mod config;
mod decision;
mod delivery;
mod ledger;
mod mode;
mod preflight;
pub mod preview;
mod sql;
mod staging;
mod statement;
mod steps;
mod target;
mod tries;

use aws::{Call, Clients};
use model::Result;
use model::flow::{LoadRequest, LoadState};

pub use config::{Compute, Config, CopyRole};

/// Takes a load one step further, or away.
///
/// `submit` checks what transform has counted, writes `copy.manifest` and submits the first step; `check` looks at the
/// running statement once and goes on to the next step when it is done; `discard` cancels and cleans up. Each may be
/// called again after any failure: documents are created once, statements have tokens, the ledger decides.
///
/// # Errors
/// `Transient` where the same call can succeed later; `Data` where the delivery cannot be loaded (too many rejects, a
/// value the target does not take); `Config` where rights, tables or settings are wrong; `Bug` where counts differ.
#[tracing::instrument(name = "loader", skip_all, fields(run = %call.request.run, n = call.request.n))]
pub async fn handle(clients: &Clients, config: &Config, call: Call<LoadRequest>) -> Result<LoadState> {
    steps::run(clients, config, &call).await
}
