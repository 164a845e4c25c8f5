//! How loads ended, written down for whoever waits: `load.json`.

use aws::object;
use aws_sdk_s3::Client;
use model::group::Member;
use model::load::{IsolatedFile, Load, Outcome};
use model::name::{ExecutionName, TableName};
use model::{Error, Kind, Result, layout};

use crate::ledger::{Entry, Verdict, judge};

/// Whom of a group the ledger settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Us, and maybe others.
    Us,
    /// Others, or others that do not belong in the group: we are still to be loaded.
    Others,
    /// Nobody.
    Nobody,
}

/// What the load of this execution says besides what the ledger knows.
#[derive(Debug)]
pub struct Ours<'a> {
    /// The execution.
    pub us: &'a ExecutionName,
    /// What it altered of the table, for all of the group.
    pub altered: Vec<String>,
    /// The files of its run that were set apart.
    pub isolated_files: Vec<IsolatedFile>,
}

/// Writes down how each run ended that the ledger settles, and says which they are.
pub async fn all(
    s3: &Client,
    bucket: &str,
    table: &TableName,
    members: &[Member],
    entries: &[Entry],
    ours: Ours<'_>,
) -> Result<Vec<ExecutionName>> {
    let mut settled = Vec::new();
    for member in members {
        if let Some(verdict) = judge(entries, member) {
            let execution = execution(member)?;
            let mut load = document(&execution, verdict, table);
            if execution == *ours.us {
                load.altered.clone_from(&ours.altered);
                load.isolated_files.clone_from(&ours.isolated_files);
            }
            conclude(s3, bucket, load).await?;
            settled.push(execution);
        }
    }
    Ok(settled)
}

/// Writes how a load ended.
pub async fn conclude(s3: &Client, bucket: &str, load: Load) -> Result<()> {
    // An earlier call may have read the ledger before a newer delivery came into it: both were right when they read it,
    // and what was written first stays.
    let bytes = object::to_json(&load)?;
    let created = object::create(s3, bucket, &layout::load(&load.run, load.n), bytes).await?;
    tracing::info!(run = %load.run, n = load.n, outcome = ?load.outcome, ?created, staged = load.staged,
        published = load.published, replaced = load.replaced, withdrawn = load.withdrawn, "load ended");
    Ok(())
}

/// The execution that waits for a run.
pub fn execution(member: &Member) -> Result<ExecutionName> {
    member.execution().map_err(|error| Error::new(Kind::Bug, "name an execution of", &member.run).because(error))
}

/// The document of a load that the ledger settles.
fn document(execution: &ExecutionName, verdict: Verdict, table: &TableName) -> Load {
    let table = Some(table.clone());
    match verdict {
        Verdict::Published { entry, supersedes } => Load {
            table,
            staged: entry.staged,
            isolated: entry.isolated,
            published: entry.published,
            stale: entry.stale,
            replaced: entry.replaced,
            withdrawn: entry.withdrawn,
            published_at: Some(entry.published_at),
            supersedes,
            ..load(execution, Outcome::Published)
        },
        Verdict::Superseded { by } => Load { table, superseded_by: Some(by), ..load(execution, Outcome::Superseded) },
    }
}

/// A load that ended so, without a row.
pub fn load(execution: &ExecutionName, outcome: Outcome) -> Load {
    Load {
        version: Load::VERSION,
        run: execution.run().clone(),
        n: execution.n(),
        outcome,
        table: None,
        staged: 0,
        isolated: 0,
        isolated_files: Vec::new(),
        published: 0,
        stale: 0,
        replaced: 0,
        withdrawn: 0,
        altered: Vec::new(),
        published_at: None,
        supersedes: Vec::new(),
        superseded_by: None,
    }
}
