//! The steps of a load, one submission each.
//!
//! ```text
//!  submit ─► queue ─► prepare ─► stage ─► publish ─► verdict ─► done
//!              ▲ │       │ ▲       ▲ │       ▲  │      │  │      ▲
//!              │ │       │ └ each again, under the next number ┘  │
//!              │ │       └► alter ─► prepare, where the table lacks something
//!              │ └ loaded by another, or never queued ────────────┤
//!              │         └ published, or superseded ──────────────┤
//!              └ the lease is lost, or the group is split         │
//! ```
//!
//! Where COPY fails for good, `explain` reads what the warehouse knows of it, and the load ends with that.
//!
//! A call reads where the load stands from its request, and the rest from documents, statements and the ledger: it may
//! be lost or made twice at any point. What follows what is decided in [`crate::decision`]; whose turn it is, in
//! [`crate::turn`].

use aws::{Clients, object};
use chrono::{DateTime, Utc};
use model::copy::CopyManifest;
use model::count::Counts;
use model::dataset::OnCopyError;
use model::flow::{LoadAction, LoadRequest, LoadState, LoadStep};
use model::group::{GroupName, Member, QueueName};
use model::load::Outcome;
use model::name::{ExecutionName, RunName};
use model::plan::RunPlan;
use model::{Error, Kind, Result, layout};

use crate::alter::Changes;
use crate::config::Config;
use crate::decision::{AfterAbsence, AfterFailure, FIRST_WAIT_SECONDS, after_absence, after_failure, backoff, longer};
use crate::delivery::Delivery;
use crate::isolate::{self, Isolation};
use crate::ledger::{Entry, check_target};
use crate::loading::{Loading, queue_of};
use crate::settle::{self, Ours, Settled, load};
use crate::sql::{explain, staging};
use crate::statement::{Poll, Row, Submission, Warehouse, nth_of_batch};
use crate::target::TableColumn;
use crate::target::change::Change;
use crate::tries::{Failure, Tries};
use crate::{class, loading, mode, preflight, target};

/// Nothing is left to do.
pub const DONE: LoadState =
    LoadState { step: LoadStep::Done, statement_id: None, wait_seconds: 0, queue: None, group: None };

// What is recorded of a failed try where no statement's text says why.

/// Statement and result are kept for a day.
const UNKNOWN: &str = "the Data API no longer knows the statement";
/// The publish is over and left no row.
const ABSENT: &str = "the ledger does not have the run";

/// Does what a request asks.
pub async fn run(clients: &Clients, config: &Config, request: &LoadRequest, now: DateTime<Utc>) -> Result<LoadState> {
    let LoadRequest { action, run, n, load } = request;
    let us =
        ExecutionName::new(run.clone(), *n).map_err(|error| Error::new(Kind::Config, "load", run).because(error))?;
    let warehouse = Warehouse::new(&clients.redshift_data, config);
    let steps = Steps { clients, config, warehouse, run, us, now };
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
pub struct Steps<'a> {
    pub clients: &'a Clients,
    pub config: &'a Config,
    pub warehouse: Warehouse<'a>,
    pub run: &'a RunName,
    pub us: ExecutionName,
    pub now: DateTime<Utc>,
}

/// A group's load, and the queue that its runs wait in.
pub struct Held {
    pub loading: Loading,
    pub queue: QueueName,
}

impl Held {
    pub fn group(&self) -> &GroupName {
        &self.loading.group.group
    }

    fn is_alone(&self) -> bool {
        self.loading.group.members.len() == 1
    }

    /// Where the load stands, at a step of this group.
    fn at(&self, step: LoadStep, statement_id: Option<String>, wait_seconds: u32) -> LoadState {
        let (queue, group) = (Some(self.queue.clone()), Some(self.group().clone()));
        LoadState { step, statement_id, wait_seconds, queue, group }
    }
}

impl Steps<'_> {
    async fn begin(&self) -> Result<LoadState> {
        let delivery = Delivery::read(&self.clients.s3, self.bucket(), self.run).await?;
        let copy_manifest = CopyManifest::of(&delivery.parts);
        let key = layout::copy_manifest(self.run);
        object::create_document(&self.clients.s3, self.bucket(), &key, &copy_manifest).await?;
        let Some(target) = &delivery.dataset.load else {
            settle::conclude(&self.clients.s3, self.bucket(), load(&self.us, Outcome::LakeOnly)).await?;
            return Ok(DONE);
        };
        if let Some(why) = mode::find(target.mode)?.refuse(delivery.counts.accepted) {
            return Err(Error::new(Kind::Data, "load into", &target.table).because(why));
        }
        preflight::check(&self.clients.s3, &delivery, &loading::columns(&delivery.dataset)).await?;
        let queue = queue_of(&delivery.dataset, &target.table)?;
        // The call is made a second time, and another has loaded us meanwhile.
        if self.is_settled().await? {
            return self.turn(&queue, 0).await;
        }
        self.queue(&queue).enter(delivery.member(self.us.n(), self.now)).await?;
        self.turn(&queue, 0).await
    }

    async fn check(&self, state: &LoadState) -> Result<LoadState> {
        if state.step == LoadStep::Done {
            return Ok(DONE);
        }
        let (Some(queue), group) = (&state.queue, &state.group) else {
            return Err(self.incomplete(state, "names no queue"));
        };
        if state.step == LoadStep::Queue {
            return self.turn(queue, state.wait_seconds).await;
        }
        let Some(group) = group else { return Err(self.incomplete(state, "names no group")) };
        if !self.lease(group.table()).keep(self.now, group.token()).await? {
            tracing::warn!(%group, "somebody else has taken the lease");
            self.cancel(group).await?;
            return self.turn(queue, 0).await;
        }
        self.look(state, queue, group).await
    }

    fn incomplete(&self, state: &LoadState, what: &str) -> Error {
        Error::new(Kind::Config, "check the load of", self.run)
            .because(format!("the request is at {} and {what}", state.step.name()))
    }

    /// Looks at the running statement once.
    async fn look(&self, state: &LoadState, queue: &QueueName, group: &GroupName) -> Result<LoadState> {
        let poll = match state.statement_id.as_deref() {
            Some(id) => Some((id, self.warehouse.poll(id).await?)),
            None => None,
        };
        if let Some((_, Poll::Running)) = poll {
            return Ok(LoadState { wait_seconds: longer(state.wait_seconds), ..state.clone() });
        }
        let loading = Loading::read(&self.clients.s3, self.bucket(), group, &self.plan().await?).await?;
        let held = Held { loading, queue: queue.clone() };
        let step = state.step;
        match poll {
            // The wait before another try is over.
            None => self.submit(step, &held, &self.tries(group).await?, "").await,
            Some((id, Poll::Finished)) => self.finished(step, id, &held).await,
            Some((id, Poll::Failed(text))) => self.failed(step, &held, failure(id, class::kind(&text), &text)).await,
            Some((id, _)) => self.failed(step, &held, failure(id, Kind::Transient, UNKNOWN)).await,
        }
    }

    async fn finished(&self, step: LoadStep, id: &str, held: &Held) -> Result<LoadState> {
        match step {
            LoadStep::Prepare => self.prepared(id, held).await,
            LoadStep::Alter => {
                self.changes().record(id, self.warehouse.sql(id).await?).await?;
                self.submit(LoadStep::Prepare, held, &self.tries(held.group()).await?, id).await
            }
            LoadStep::Stage => self.submit(LoadStep::Publish, held, &self.tries(held.group()).await?, "").await,
            LoadStep::Explain => self.explained(id, held).await,
            LoadStep::Publish => self.submit(LoadStep::Verdict, held, &self.tries(held.group()).await?, id).await,
            LoadStep::Verdict => self.judged(id, held).await,
            LoadStep::Queue | LoadStep::Done => Ok(DONE),
        }
    }

    /// The tables are there, our token is known, and the ledger was read: what it settles is not staged.
    async fn prepared(&self, id: &str, held: &Held) -> Result<LoadState> {
        let prepare = held.loading.prepare()?;
        let mut answers = Vec::new();
        for number in [prepare.tokens, prepare.ledger, prepare.columns, prepare.tables] {
            let Some(rows) = self.warehouse.rows(&nth_of_batch(id, number)).await? else {
                return self.failed(LoadStep::Prepare, held, failure(id, Kind::Transient, UNKNOWN)).await;
            };
            answers.push(rows);
        }
        let [tokens, ledger, columns, tables] = answers.as_slice() else {
            return Err(Error::new(Kind::Bug, "read the answers of", id));
        };
        let token = held.group().token();
        let greatest = tokens.first().map(|row| row.count(0)).transpose()?.unwrap_or(token);
        if greatest > token {
            // The lease is ours, and the warehouse knows a greater token: the lease was deleted since.
            tracing::warn!(token, greatest, "the warehouse is ahead of the lease");
            return self.lead_again(held, greatest + 1).await;
        }
        let entries = ledger.iter().map(Entry::read).collect::<Result<Vec<_>>>()?;
        match self.settle(held, &entries).await? {
            Settled::Us => self.leave_to_others(held).await,
            Settled::Others => self.lead_again(held, token + 1).await,
            Settled::Nobody => {
                // Only now: what is published already stays so, whatever the table became since.
                let columns = columns.iter().map(TableColumn::read).collect::<Result<Vec<_>>>()?;
                let Loading { target, columns: needed, dataset, .. } = &held.loading;
                if let Some(change) = target::compare(target, &columns, needed, dataset.contract)?.first() {
                    return self.alter(change, held).await;
                }
                let tables = tables.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
                self.sweep(held.group(), &tables).await?;
                self.submit(LoadStep::Stage, held, &self.tries(held.group()).await?, "").await
            }
        }
    }

    /// Submits a change of the target; `prepare` reads its columns again behind it.
    async fn alter(&self, change: &Change, held: &Held) -> Result<LoadState> {
        let (step, tries) = (LoadStep::Alter, self.tries(held.group()).await?);
        let sql = change.statement(held.group().table());
        let submission = self.changes().submission(held.group(), change, sql, tries.current(step)).await?;
        let statement_id = Some(self.warehouse.submit(&submission).await?);
        Ok(held.at(step, statement_id, FIRST_WAIT_SECONDS))
    }

    /// The ledger was read after the publish was over.
    async fn judged(&self, id: &str, held: &Held) -> Result<LoadState> {
        let Some(rows) = self.warehouse.rows(id).await? else {
            return self.failed(LoadStep::Verdict, held, failure(id, Kind::Transient, UNKNOWN)).await;
        };
        let entries = rows.iter().map(Entry::read).collect::<Result<Vec<_>>>()?;
        let mut tries = self.tries(held.group()).await?;
        let settled = self.settle(held, &entries).await?;
        if settled != Settled::Nobody && tries.spent(LoadStep::Publish) > 0 {
            // A publish that finished has dropped its tables; one that failed has not.
            self.drop_tables(held.group()).await?;
        }
        match settled {
            Settled::Us => return self.leave_to_others(held).await,
            Settled::Others => return self.lead_again(held, held.group().token() + 1).await,
            Settled::Nobody => {}
        }
        tries.record(LoadStep::Verdict, failure(id, Kind::Transient, ABSENT)).await?;
        let last = tries.last(LoadStep::Publish).map(|failed| failed.failure.clone());
        match (after_absence(last.as_ref(), |step| tries.spent(step)), last) {
            (AfterAbsence::PublishAgain, _) => Ok(self.again(LoadStep::Publish, held, &tries)),
            (AfterAbsence::GiveUp, Some(last)) => {
                self.give_up(held, |subject| last.into_error(LoadStep::Publish, subject)).await
            }
            (AfterAbsence::GiveUp | AfterAbsence::RowsLost, _) => {
                Err(Error::new(Kind::Bug, "publish", held.group())
                    .because(format!("the publish finished, but {ABSENT}")))
            }
        }
    }

    /// What the ledger says of the group's runs, written down for each that it settles.
    async fn settle(&self, held: &Held, entries: &[Entry]) -> Result<Settled> {
        let (members, table) = (&held.loading.group.members, held.group().table());
        let ours = members.iter().find(|member| member.run == *self.run);
        if let Some(ours) = ours {
            check_target(entries, &ours.batch, table)?;
        }
        // One that would be in two tables is not settled here: it says so when it is alone.
        let (here, elsewhere): (Vec<Member>, Vec<Member>) =
            members.iter().cloned().partition(|member| check_target(entries, &member.batch, table).is_ok());
        let elsewhere = elsewhere.iter().map(settle::execution).collect::<Result<Vec<_>>>()?;
        let queue = self.queue(&held.queue);
        queue.split(&elsewhere, 1).await?;
        let ours = Ours {
            us: &self.us,
            altered: self.changes().statements().await?,
            isolated_files: held.loading.isolations.iter().flat_map(|isolation| isolation.files.clone()).collect(),
        };
        let settled = settle::all(&self.clients.s3, self.bucket(), table, &here, entries, ours).await?;
        queue.leave(&settled).await?;
        Ok(match (settled.contains(&self.us), settled.is_empty() && elsewhere.is_empty()) {
            (true, _) => Settled::Us,
            (false, false) => Settled::Others,
            (false, true) => Settled::Nobody,
        })
    }

    /// Records a failed statement and goes on from there.
    async fn failed(&self, step: LoadStep, held: &Held, failure: Failure) -> Result<LoadState> {
        let mut tries = self.tries(held.group()).await?;
        tries.record(step, failure.clone()).await?;
        let id = failure.statement_id.clone();
        match after_failure(step, failure.kind, tries.spent(step), held.is_alone()) {
            AfterFailure::AskLedger => self.submit(LoadStep::Verdict, held, &tries, &id).await,
            // Another load may have made the change: what is there is read first.
            AfterFailure::TryAgain if step == LoadStep::Alter => {
                self.submit(LoadStep::Prepare, held, &tries, &id).await
            }
            AfterFailure::TryAgain => Ok(self.again(step, held, &tries)),
            AfterFailure::Explain => self.submit(LoadStep::Explain, held, &tries, &id).await,
            // That nobody could say more of it is not how the load failed.
            AfterFailure::GiveUp if step == LoadStep::Explain => Err(self.copy_failed(&tries, &[])),
            AfterFailure::GiveUp => self.give_up(held, |subject| failure.into_error(step, subject)).await,
        }
    }

    /// COPY has failed, and the warehouse has said what it knows of it: that is how the load ends.
    async fn explained(&self, id: &str, held: &Held) -> Result<LoadState> {
        let Some(rows) = self.warehouse.rows(id).await? else {
            return self.failed(LoadStep::Explain, held, failure(id, Kind::Transient, UNKNOWN)).await;
        };
        let known = rows.iter().map(explain::sentence).collect::<Result<Vec<_>>>()?;
        let failed = self.copy_failed(&self.tries(held.group()).await?, &known);
        let may_isolate = held.loading.dataset.on_copy_error == Some(OnCopyError::Isolate);
        // Rights and settings are wrong for all files alike, and S3 may answer again.
        if !may_isolate || !matches!(failed.kind(), Kind::Data | Kind::Bug) {
            return Err(failed);
        }
        self.isolate(held, rows.into_iter().zip(known).collect(), failed).await
    }

    /// Sets the files apart that COPY failed for, and copies the rest: as far as the dataset allows.
    async fn isolate(&self, held: &Held, known: Vec<(Row, String)>, failed: Error) -> Result<LoadState> {
        let (s3, bucket) = (&self.clients.s3, self.bucket());
        let delivery = Delivery::read(s3, bucket, self.run).await?;
        let before = &held.loading.isolations;
        let files = isolate::named(delivery.files(), &known, before)?;
        if files.is_empty() {
            return Err(failed);
        }
        let isolated = before.iter().flat_map(|isolation| &isolation.files).chain(&files);
        let isolated: u64 = isolated.map(|file| file.rows).sum();
        let counts = Counts { rejected: delivery.counts.rejected + isolated, ..delivery.counts };
        if let Err(limit) = counts.check_limit(&delivery.dataset.rejects, &self.run.to_string()) {
            return Err(Error::new(Kind::Data, "isolate files of", self.run).because(format!(
                "{isolated} rows are in files that COPY cannot take, and they count as rejects: {}; {}",
                model::error::chain(&limit),
                model::error::chain(&failed)
            )));
        }
        let isolation = Isolation { version: 1, group: held.group().clone(), run: self.run.clone(), files };
        isolate::add(s3, bucket, before, &isolation).await?;
        let loading = Loading::read(s3, bucket, held.group(), &delivery.plan).await?;
        let held = Held { loading, queue: held.queue.clone() };
        self.submit(LoadStep::Stage, &held, &self.tries(held.group()).await?, "").await
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

    /// A group of one fails; one of several is split, and its runs wait for another turn.
    async fn give_up(&self, held: &Held, error: impl FnOnce(&dyn std::fmt::Display) -> Error) -> Result<LoadState> {
        if held.is_alone() {
            return Err(error(self.run));
        }
        let error = error(held.group());
        let members = &held.loading.group.members;
        let executions = members.iter().map(settle::execution).collect::<Result<Vec<_>>>()?;
        let most = executions.len().div_ceil(2);
        tracing::warn!(group = %held.group(), runs = executions.len(), most, error = model::error::chain(&error), "group is split");
        self.queue(&held.queue).split(&executions, most).await?;
        self.drop_tables(held.group()).await?;
        self.lease(held.group().table()).give_back(self.now, held.group().token()).await?;
        Ok(self.waits(&held.queue, FIRST_WAIT_SECONDS))
    }

    /// Cancels what runs, drops the group's tables, and leaves queue and lease to others. Nothing that is gone already is an
    /// error; a published run stays published.
    async fn discard(&self, state: Option<&LoadState>) -> Result<LoadState> {
        let Some(queue) = self.discarded_queue(state).await? else { return Ok(DONE) };
        self.queue(&queue).leave(std::slice::from_ref(&self.us)).await?;
        if let Some(group) = state.and_then(|state| state.group.as_ref()) {
            self.cancel(group).await?;
        }
        let lease = self.lease(queue.table());
        if let Some(token) = lease.token().await? {
            // An execution that ended outside the flow does not say which group it led.
            let group = GroupName::new(queue.table().clone(), token);
            self.cancel(&group).await?;
            lease.give_back(self.now, token).await?;
        }
        Ok(DONE)
    }

    /// The queue of a load that is given up; `None` where nothing can have been queued. A plan that is gone, or does not
    /// read any more, was not.
    async fn discarded_queue(&self, state: Option<&LoadState>) -> Result<Option<QueueName>> {
        match state {
            Some(state) if state.step == LoadStep::Done => return Ok(None),
            Some(LoadState { queue: Some(queue), .. }) => return Ok(Some(queue.clone())),
            _ => {}
        }
        let plan: Option<RunPlan> =
            object::read_document(&self.clients.s3, self.bucket(), &layout::plan(self.run)).await?;
        let Some(plan) = plan.filter(|plan| plan.dataset().is_ok()) else { return Ok(None) };
        match aws::schema::dataset(&self.clients.s3, self.bucket(), &plan).await {
            Ok(dataset) => dataset.load.as_ref().map(|load| queue_of(&dataset, &load.table)).transpose(),
            // Without its columns a run was not queued.
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Submits the current try of a step. `after` is the statement whose end a reading step must see: an answer from
    /// before it is not asked for again.
    pub async fn submit(&self, step: LoadStep, held: &Held, tries: &Tries<'_>, after: &str) -> Result<LoadState> {
        let sql = held.loading.sql(step, self.config)?;
        let submission = Submission::of(held.group(), step.name(), tries.current(step), after, sql);
        let statement_id = Some(self.warehouse.submit(&submission).await?);
        Ok(held.at(step, statement_id, FIRST_WAIT_SECONDS))
    }

    /// A step that is to be submitted again, after a while.
    fn again(&self, step: LoadStep, held: &Held, tries: &Tries<'_>) -> LoadState {
        held.at(step, None, backoff(tries.spent(step), &held.group().to_string()))
    }

    /// Cancels what runs of a group, whoever holds the lease by now, and drops its tables: no other group has its token.
    async fn cancel(&self, group: &GroupName) -> Result<()> {
        for id in self.warehouse.running(group).await? {
            self.warehouse.cancel(&id).await?;
        }
        self.drop_tables(group).await
    }

    /// Drops a group's tables. Nobody waits for it: what it does not reach, a later load sweeps.
    async fn drop_tables(&self, group: &GroupName) -> Result<()> {
        let submission = Submission::of(group, "drop", 1, "", crate::sql::drop_tables(group));
        self.warehouse.submit(&submission).await.map(drop)
    }

    /// Drops what groups before this one have left. It is a submission of its own, and nobody waits for it: a table that
    /// cannot be dropped must not stop this load.
    async fn sweep(&self, group: &GroupName, tables: &[String]) -> Result<()> {
        let sql = staging::drop_left(group, tables);
        if sql.is_empty() {
            return Ok(());
        }
        let submission = Submission::of(group, "sweep", 1, "", sql);
        self.warehouse.submit(&submission).await.map(drop)
    }

    /// What this execution changes of the target.
    fn changes(&self) -> Changes<'_> {
        Changes { s3: &self.clients.s3, bucket: self.bucket(), run: self.run, n: self.us.n() }
    }

    pub async fn plan(&self) -> Result<RunPlan> {
        object::need_document(&self.clients.s3, self.bucket(), &layout::plan(self.run)).await
    }

    pub async fn tries<'a>(&'a self, group: &'a GroupName) -> Result<Tries<'a>> {
        Tries::read(&self.clients.s3, self.bucket(), group).await
    }

    pub fn bucket(&self) -> &str {
        &self.config.control_bucket
    }
}

fn failure(statement_id: &str, kind: Kind, error: &str) -> Failure {
    Failure { statement_id: statement_id.to_owned(), kind, error: error.to_owned() }
}
