//! The steps of a load, one submission each.
//!
//! ```text
//!  submit ─► prepare ─► stage ─► publish ─► verdict ─► done
//!               │  ▲ ─► alter ─► prepare, where the table lacks something
//!               │  ▲       ▲        ▲  │        │ ▲      ▲
//!               │  └ each again, under the next number ┘ │
//!               └ published, or superseded ──────────────┘
//! ```
//!
//! Where COPY fails for good, `explain` reads what the warehouse knows of it, and the load ends with that.
//!
//! A call reads where the load stands from its request, and the rest from documents, statements and the ledger: it may
//! be lost or made twice at any point. What follows what is decided in [`crate::decision`].

use aws::{Call, Clients, object};
use chrono::{DateTime, Utc};
use model::copy::CopyManifest;
use model::dataset::LoadTarget;
use model::flow::{LoadAction, LoadRequest, LoadState, LoadStep};
use model::load::{Load, Outcome};
use model::name::{RunName, S3Url};
use model::plan::RunPlan;
use model::{Error, Kind, Result, layout};

use crate::alter::Changes;
use crate::config::Config;
use crate::decision::{AfterAbsence, AfterFailure, FIRST_WAIT_SECONDS, after_absence, after_failure, backoff, longer};
use crate::delivery::Delivery;
use crate::ledger::{Entry, Verdict, check_target, judge};
use crate::sql::prepare::Prepare;
use crate::sql::{Names, drop_stage, explain, publish, stage, stage_table, verdict};
use crate::statement::{Poll, Submission, Warehouse, nth_of_batch};
use crate::target::TableColumn;
use crate::target::change::Change;
use crate::tries::{Failure, Tries};
use crate::{class, mode, preflight, staging, target};

/// Nothing is left to do.
const DONE: LoadState = LoadState { step: LoadStep::Done, statement_id: None, wait_seconds: 0 };

// What is recorded of a failed try where no statement's text says why.

/// Statement and result are kept for a day.
const UNKNOWN: &str = "the Data API no longer knows the statement";
/// The failure path gave the try up.
const DISCARDED: &str = "the execution was discarded";
/// An earlier try filled it; it was dropped since.
const STAGING_GONE: &str = "its staging table is gone";
/// The publish is over and left no row.
const ABSENT: &str = "the ledger does not have the run";

/// Does what a request asks.
pub async fn run(clients: &Clients, config: &Config, call: &Call<LoadRequest>) -> Result<LoadState> {
    let LoadRequest { action, run, n, load } = &call.request;
    let warehouse = Warehouse::new(&clients.redshift_data, config);
    let steps = Steps { clients, config, warehouse, run, n: *n, now: call.now };
    match (action, load) {
        (LoadAction::Submit, _) => steps.begin().await,
        (LoadAction::Check, Some(state)) => steps.check(state).await,
        (LoadAction::Check, None) => {
            Err(Error::new(Kind::Config, "check the load of", run).because("the request has no `load`"))
        }
        (LoadAction::Discard, state) => steps.discard(state.as_ref()).await,
    }
}

/// One call's view of a load.
struct Steps<'a> {
    clients: &'a Clients,
    config: &'a Config,
    warehouse: Warehouse<'a>,
    run: &'a RunName,
    n: u32,
    now: DateTime<Utc>,
}

/// What the SQL of a load is made of.
pub struct Loading {
    delivery: Delivery,
    target: LoadTarget,
    names: Names,
}

impl Steps<'_> {
    async fn begin(&self) -> Result<LoadState> {
        let delivery = self.delivery().await?;
        let copy_manifest = CopyManifest::of(&delivery.parts);
        let key = layout::copy_manifest(self.run);
        object::create_document(&self.clients.s3, self.bucket(), &key, &copy_manifest).await?;
        let Some(target) = &delivery.dataset.load else {
            return self.conclude(self.load(Outcome::LakeOnly)).await;
        };
        if let Some(why) = mode::find(target.mode)?.refuse(delivery.counts.accepted) {
            return Err(Error::new(Kind::Data, "load into", &target.table).because(why));
        }
        self.submit(LoadStep::Prepare, &self.loading(delivery)?, &self.tries().await?, "").await
    }

    /// Looks at the running statement once.
    async fn check(&self, state: &LoadState) -> Result<LoadState> {
        let step = state.step;
        let id = match (step, state.statement_id.as_deref()) {
            (LoadStep::Done, _) => return Ok(DONE),
            (_, Some(id)) => id,
            (_, None) => {
                return Err(Error::new(Kind::Config, "check the load of", self.run)
                    .because(format!("the request is at {} and names no statement", step.name())));
            }
        };
        match self.warehouse.poll(id).await? {
            Poll::Running => Ok(LoadState { wait_seconds: longer(state.wait_seconds), ..state.clone() }),
            Poll::Finished => self.finished(step, id).await,
            Poll::Failed(text) => self.failed(step, id, class::kind(&text), &text).await,
            Poll::Unknown => self.failed(step, id, Kind::Transient, UNKNOWN).await,
        }
    }

    async fn finished(&self, step: LoadStep, id: &str) -> Result<LoadState> {
        let loading = self.loading(self.delivery().await?)?;
        match step {
            LoadStep::Prepare => self.prepared(id, &loading).await,
            LoadStep::Alter => {
                self.changes().record(id, self.warehouse.sql(id).await?).await?;
                self.submit(LoadStep::Prepare, &loading, &self.tries().await?, id).await
            }
            LoadStep::Stage => self.submit(LoadStep::Publish, &loading, &self.tries().await?, "").await,
            LoadStep::Explain => self.explained(id).await,
            LoadStep::Publish => self.submit(LoadStep::Verdict, &loading, &self.tries().await?, id).await,
            LoadStep::Verdict => self.judged(id, &loading).await,
            LoadStep::Done => Ok(DONE),
        }
    }

    /// The tables are there and the ledger was read: where it settles the run, nothing is staged.
    async fn prepared(&self, id: &str, loading: &Loading) -> Result<LoadState> {
        let prepare = Prepare::of(&loading.names, &loading.target, &loading.delivery.columns)?;
        let Some(entries) = self.entries(&nth_of_batch(id, prepare.ledger)).await? else {
            return self.failed(LoadStep::Prepare, id, Kind::Transient, UNKNOWN).await;
        };
        let Some(columns) = self.warehouse.rows(&nth_of_batch(id, prepare.columns)).await? else {
            return self.failed(LoadStep::Prepare, id, Kind::Transient, UNKNOWN).await;
        };
        let Some(stages) = self.warehouse.rows(&nth_of_batch(id, prepare.stages)).await? else {
            return self.failed(LoadStep::Prepare, id, Kind::Transient, UNKNOWN).await;
        };
        check_target(&entries, &loading.delivery.plan.batch, &loading.target.table)?;
        match judge(&entries, self.run, &loading.delivery.manifest) {
            Some(verdict) => self.conclude(self.settled(verdict, loading)).await,
            None => {
                // Only now: what is published already stays so, whatever the table became since.
                let columns = columns.iter().map(TableColumn::read).collect::<Result<Vec<_>>>()?;
                let Delivery { columns: needed, dataset, .. } = &loading.delivery;
                if let Some(change) = target::compare(&loading.target, &columns, needed, dataset.contract)?.first() {
                    return self.alter(change, loading).await;
                }
                preflight::check(&self.clients.s3, &loading.delivery).await?;
                let tables = stages.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
                self.sweep(tables).await?;
                self.submit(LoadStep::Stage, loading, &self.tries().await?, "").await
            }
        }
    }

    /// Submits a change of the target; `prepare` reads its columns again behind it.
    async fn alter(&self, change: &Change, loading: &Loading) -> Result<LoadState> {
        let tries = self.tries().await?;
        let (step, sql) = (LoadStep::Alter, change.statement(&loading.target.table));
        let submission = self.changes().submission(change, sql, tries.current(step)).await?;
        let statement_id = Some(self.warehouse.submit(&submission).await?);
        Ok(LoadState { step, statement_id, wait_seconds: backoff(tries.spent(step)) })
    }

    /// The ledger was read after the publish was over.
    async fn judged(&self, id: &str, loading: &Loading) -> Result<LoadState> {
        let Some(entries) = self.entries(id).await? else {
            return self.failed(LoadStep::Verdict, id, Kind::Transient, UNKNOWN).await;
        };
        check_target(&entries, &loading.delivery.plan.batch, &loading.target.table)?;
        let mut tries = self.tries().await?;
        if let Some(verdict) = judge(&entries, self.run, &loading.delivery.manifest) {
            // A publish that finished has dropped staging; one that failed has not.
            if tries.spent(LoadStep::Publish) > 0 {
                self.drop_staging().await?;
            }
            return self.conclude(self.settled(verdict, loading)).await;
        }
        tries.record(LoadStep::Verdict, failure(Some(id), Kind::Transient, ABSENT)).await?;
        let last = tries.last(LoadStep::Publish).map(|failed| failed.failure.clone());
        match (after_absence(last.as_ref(), &stage_table(self.run), |step| tries.spent(step)), last) {
            (AfterAbsence::PublishAgain, _) => self.submit(LoadStep::Publish, loading, &tries, "").await,
            (AfterAbsence::StageAgain, last) => {
                let showed_by = last.and_then(|last| last.statement_id);
                tries.record(LoadStep::Stage, failure(showed_by.as_deref(), Kind::Transient, STAGING_GONE)).await?;
                self.submit(LoadStep::Stage, loading, &tries, "").await
            }
            (AfterAbsence::GiveUp, Some(last)) => Err(last.into_error(LoadStep::Publish, self.run)),
            (AfterAbsence::GiveUp | AfterAbsence::RowLost, _) => {
                Err(Error::new(Kind::Bug, "publish", self.run).because(format!("the publish finished, but {ABSENT}")))
            }
        }
    }

    /// Records a failed statement and goes on from there.
    async fn failed(&self, step: LoadStep, id: &str, kind: Kind, error: &str) -> Result<LoadState> {
        let failure = failure(Some(id), kind, error);
        let mut tries = self.tries().await?;
        tries.record(step, failure.clone()).await?;
        let again = match after_failure(step, kind, tries.spent(step)) {
            AfterFailure::AskLedger => LoadStep::Verdict,
            // Another load may have made the change: what is there is read first.
            AfterFailure::TryAgain if step == LoadStep::Alter => LoadStep::Prepare,
            AfterFailure::TryAgain => step,
            AfterFailure::Explain => LoadStep::Explain,
            // That nobody could say more of it is not how the load failed.
            AfterFailure::GiveUp if step == LoadStep::Explain => return Err(self.copy_failed(&tries, &[])),
            AfterFailure::GiveUp => return Err(failure.into_error(step, self.run)),
        };
        let loading = self.loading(self.delivery().await?)?;
        self.submit(again, &loading, &tries, id).await
    }

    /// COPY has failed, and the warehouse has said what it knows of it: that is how the load ends.
    async fn explained(&self, id: &str) -> Result<LoadState> {
        let Some(rows) = self.warehouse.rows(id).await? else {
            return self.failed(LoadStep::Explain, id, Kind::Transient, UNKNOWN).await;
        };
        let known = rows.iter().map(explain::sentence).collect::<Result<Vec<_>>>()?;
        Err(self.copy_failed(&self.tries().await?, &known))
    }

    /// The error of a load whose COPY failed for good, with what the warehouse knows of it.
    fn copy_failed(&self, tries: &Tries<'_>, known: &[String]) -> Error {
        let Some(failed) = tries.last(LoadStep::Stage) else {
            return Error::new(Kind::Bug, "copy", self.run).because("it was asked why COPY failed, and none has");
        };
        let mut failure = failed.failure.clone();
        for text in known {
            failure.error += &format!("; {text}");
        }
        if let Some(hint) = explain::hint(&failure.error) {
            failure.error += &format!("; {hint}");
        }
        failure.into_error(LoadStep::Stage, self.run)
    }

    /// Cancels what runs and drops staging. Nothing that is gone already is an error; a published run stays published.
    async fn discard(&self, state: Option<&LoadState>) -> Result<LoadState> {
        // Before the first answer nothing but `prepare` can have been submitted, which leaves nothing to drop.
        let Some(state) = state.filter(|state| state.step != LoadStep::Done) else { return Ok(DONE) };
        if self.ends_in_the_lake().await? {
            return Ok(DONE);
        }
        // What was submitted under these numbers is of no use once staging is dropped: the next execution starts anew.
        let mut tries = self.tries().await?;
        for step in [LoadStep::Stage, LoadStep::Publish] {
            if !tries.has(step, DISCARDED) {
                let running = state.statement_id.as_deref().filter(|_| state.step == step);
                tries.record(step, failure(running, Kind::Transient, DISCARDED)).await?;
            }
        }
        if let Some(id) = &state.statement_id {
            self.warehouse.cancel(id).await?;
        }
        self.drop_staging().await?;
        Ok(DONE)
    }

    /// Whether the dataset names no table. A plan that is gone, or does not read any more, does not say so.
    async fn ends_in_the_lake(&self) -> Result<bool> {
        let plan: Option<RunPlan> =
            object::read_document(&self.clients.s3, self.bucket(), &layout::plan(self.run)).await?;
        let file = plan.map(|plan| plan.dataset());
        Ok(matches!(file, Some(Ok(file)) if file.dataset.load.is_none()))
    }

    /// Submits the current try of a step. `after` is the statement whose end a reading step must see: an answer from
    /// before it is not asked for again.
    async fn submit(&self, step: LoadStep, loading: &Loading, tries: &Tries<'_>, after: &str) -> Result<LoadState> {
        let sql = loading.sql(step, self.config)?;
        let number = tries.current(step);
        let about = match step {
            // What is read must not be what an earlier execution read; what is written is the same for all of them.
            LoadStep::Prepare if after.is_empty() => format!("execution {}", self.n),
            LoadStep::Prepare | LoadStep::Explain | LoadStep::Verdict => format!("execution {} after {after}", self.n),
            LoadStep::Alter | LoadStep::Stage | LoadStep::Publish | LoadStep::Done => String::new(),
        };
        let submission = Submission::of(self.run, step.name(), number, &about, sql);
        let statement_id = Some(self.warehouse.submit(&submission).await?);
        let wait_seconds = match step {
            // The ledger is asked at once, also where the publish failed.
            LoadStep::Explain | LoadStep::Verdict => FIRST_WAIT_SECONDS,
            _ => backoff(tries.spent(step)),
        };
        Ok(LoadState { step, statement_id, wait_seconds })
    }

    /// Drops the run's staging table. Nobody waits for it: what it does not reach, a later load sweeps.
    async fn drop_staging(&self) -> Result<()> {
        let sql = vec![drop_stage(&stage_table(self.run))];
        let submission = Submission::of(self.run, "drop", 1, &format!("execution {}", self.n), sql);
        self.warehouse.submit(&submission).await.map(drop)
    }

    /// Drops the staging tables of runs that are closed over a day. It is a submission of its own, and nobody waits for
    /// it: a table that cannot be dropped must not stop this load.
    async fn sweep(&self, tables: Vec<String>) -> Result<()> {
        let stale = staging::stale(&self.clients.s3, self.bucket(), tables, self.run, self.now).await?;
        if stale.is_empty() {
            return Ok(());
        }
        let sql = stale.iter().map(|table| drop_stage(table)).collect();
        let submission = Submission::of(self.run, "sweep", 1, &format!("execution {}", self.n), sql);
        self.warehouse.submit(&submission).await.map(drop)
    }

    /// Writes how the load ended.
    async fn conclude(&self, load: Load) -> Result<LoadState> {
        // An earlier call of this execution may have read the ledger before a newer delivery came into it: both were
        // right when they read it, and what was written first stays.
        let load = Load { altered: self.changes().statements().await?, ..load };
        let bytes = object::to_json(&load)?;
        let created = object::create(&self.clients.s3, self.bucket(), &layout::load(self.run, self.n), bytes).await?;
        tracing::info!(outcome = ?load.outcome, ?created, staged = load.staged, published = load.published,
            replaced = load.replaced, withdrawn = load.withdrawn, "load ended");
        Ok(DONE)
    }

    /// The document of a load that the ledger settles.
    fn settled(&self, verdict: Verdict, loading: &Loading) -> Load {
        let table = Some(loading.target.table.clone());
        match verdict {
            Verdict::Published { entry, supersedes } => Load {
                table,
                staged: entry.staged,
                published: entry.published,
                stale: entry.stale,
                replaced: entry.replaced,
                withdrawn: entry.withdrawn,
                published_at: Some(entry.published_at),
                supersedes,
                ..self.load(Outcome::Published)
            },
            Verdict::Superseded { by } => Load { table, superseded_by: Some(by), ..self.load(Outcome::Superseded) },
        }
    }

    fn load(&self, outcome: Outcome) -> Load {
        Load {
            version: Load::VERSION,
            run: self.run.clone(),
            n: self.n,
            outcome,
            table: None,
            staged: 0,
            isolated: 0,
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

    async fn entries(&self, id: &str) -> Result<Option<Vec<Entry>>> {
        let rows = self.warehouse.rows(id).await?;
        rows.map(|rows| rows.iter().map(Entry::read).collect()).transpose()
    }

    async fn delivery(&self) -> Result<Delivery> {
        Delivery::read(&self.clients.s3, self.bucket(), self.run).await
    }

    fn loading(&self, delivery: Delivery) -> Result<Loading> {
        Loading::of(self.run, delivery)
    }

    /// What this execution changes of the target.
    fn changes(&self) -> Changes<'_> {
        Changes { s3: &self.clients.s3, bucket: self.bucket(), run: self.run, n: self.n }
    }

    async fn tries(&self) -> Result<Tries<'_>> {
        Tries::read(&self.clients.s3, self.bucket(), self.run, self.n).await
    }

    fn bucket(&self) -> &str {
        &self.config.control_bucket
    }
}

impl Loading {
    /// Of a delivery whose dataset names a table.
    pub fn of(run: &RunName, delivery: Delivery) -> Result<Self> {
        let target = delivery.dataset.load.clone().ok_or_else(|| {
            Error::new(Kind::Bug, "load", run).because("its dataset names no table, and a statement was submitted")
        })?;
        let names = Names::of(run, &delivery.plan.batch, &target, &delivery.columns)?;
        Ok(Self { delivery, target, names })
    }

    /// The statements of a step.
    pub fn sql(&self, step: LoadStep, config: &Config) -> Result<Vec<String>> {
        let Self { delivery, target, names } = self;
        let run = &delivery.plan.run;
        match step {
            LoadStep::Prepare => Ok(Prepare::of(names, target, &delivery.columns)?.statements),
            LoadStep::Stage => {
                let manifest = S3Url::new(&config.control_bucket, &layout::copy_manifest(run))
                    .map_err(|error| Error::new(Kind::Config, "copy", run).because(error))?;
                let source = stage::Source { manifest, role: &config.copy_role, rows: delivery.counts.accepted };
                stage::statements(run, names, &delivery.columns, &source)
            }
            LoadStep::Publish => publish::statements(names, delivery, target, mode::find(target.mode)?),
            LoadStep::Explain => Ok(vec![explain::statement(run)?]),
            LoadStep::Verdict => Ok(vec![verdict::statement(names)]),
            LoadStep::Alter | LoadStep::Done => {
                Err(Error::new(Kind::Bug, "submit", run).because("what is submitted is told by what was read"))
            }
        }
    }
}

fn failure(statement_id: Option<&str>, kind: Kind, error: &str) -> Failure {
    Failure { statement_id: statement_id.map(str::to_owned), kind, error: error.to_owned() }
}
