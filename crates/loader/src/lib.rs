//! loader: the rows of runs from the lake into the warehouse, in one transaction that counts them.
//!
//! ```text
//! parts ─► copy.manifest, the files' footers held against staging ─► queue/<table>/…   the run waits for its turn; one that waits holds the table's lease
//!            │                                and leads a group: itself and those that wait beside it
//!            ▼ LoadStep, each one submission to the Redshift Data API; the state machine waits in between
//!  prepare   schemas, ledger, runs, lock and target tables where they are missing; the token is made known;
//!            the ledger and the target's columns are read
//!  alter     only where the target lacks a column or a varchar is too short: one change, and prepare again
//!  stage     COPY of all the group's files into sluice.stage_<hash>_<token>, counted run by run
//!  explain   only where COPY fails for good: what the warehouse knows of it is read, and the load ends with that
//!  publish   lock ► guards ► staging into the target ► earlier deliveries out ► count check ► token ► ledger rows ► drop
//!  verdict   the ledger is read: it alone says which runs are published
//!            │
//!            ▼
//!        <n>/load.json of each run of the group
//! ```
//!
//! What it does *not* know: how rows are made, what the catalog holds, who calls it and how long is waited. It keeps no
//! connection and no clock. Every statement is submitted under a token computed from what it is for, so that a call
//! that is made twice runs it once; failed tries are documents (`tries.rs`).
//!
//! Start reading at `turn.rs`, then `steps.rs`, then `sql/publish.rs`. To add a load mode: a file in `mode/` and a word in
//! its list.

mod alter;
mod class;
mod config;
mod decision;
mod delivery;
mod isolate;
mod lease;
mod ledger;
mod loading;
mod mode;
mod preflight;
pub mod preview;
mod queue;
mod settle;
mod sql;
mod statement;
mod steps;
mod target;
mod tries;
mod turn;

use aws::{Call, Clients};
use model::Result;
use model::flow::{self, LoadAction, LoadCall, LoadRequest, LoadState};
use tracing::Instrument;

pub use config::{Compute, Config, CopyRole};

/// Takes a load one step further, or away.
///
/// `submit` checks what transform has counted, queues the run, and leads a group if nobody else loads the table; `check`
/// looks whose turn it is, or at the running statement, once and goes on to the next step when it is done; `discard`
/// cancels and cleans up, and so does the news of an execution that ended outside the flow's own failure path. Each may be
/// called again after any failure: documents are created once, statements have tokens, the ledger decides.
///
/// # Errors
/// `Transient` where the same call can succeed later; `Data` where the delivery cannot be loaded (too many rejects, a
/// value the target does not take); `Config` where rights, tables or settings are wrong; `Bug` where counts differ.
pub async fn handle(clients: &Clients, config: &Config, call: Call<LoadCall>) -> Result<LoadState> {
    let request = match &call.request {
        LoadCall::Request(request) => request.clone(),
        LoadCall::Ended(event) => match flow::execution(&event.detail.name) {
            Ok(ended) => {
                LoadRequest { action: LoadAction::Discard, run: ended.run().clone(), n: ended.n(), load: None }
            }
            Err(error) => {
                tracing::warn!(error = model::error::chain(&error), "nothing to discard: somebody started it by hand");
                return Ok(steps::DONE);
            }
        },
    };
    let span = tracing::info_span!("loader", run = %request.run, n = request.n);
    steps::run(clients, config, &request, call.now).instrument(span).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flows_requests_and_the_news_of_an_execution_read() {
        let read = |text| serde_json::from_str::<LoadCall>(text).unwrap();
        let LoadCall::Request(check) = read(include_str!("../../../events/loader-check.json")) else { panic!() };
        assert_eq!(check.load.unwrap().group.unwrap().to_string(), "analytics.flights/17");
        let LoadCall::Request(discard) = read(include_str!("../../../events/loader-discard-before-submit.json")) else {
            panic!()
        };
        assert_eq!((discard.action, discard.load), (LoadAction::Discard, None));
        let LoadCall::Ended(event) = read(include_str!("../../../events/reporter-aborted.json")) else { panic!() };
        assert!(flow::execution(&event.detail.name).is_ok(), "{}", event.detail.name);
        assert!(serde_json::from_str::<LoadCall>(r#"{"action": "check", "run": "flights-0", "n": 1}"#).is_err());
    }
}
