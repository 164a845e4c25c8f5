//! All statements: in memory, and one file each, so that they are known after a restart.
//!
//! ```text
//! <folder>/statements/<id>.json    the record: when submitted, before a commit (awaiting it), when ended
//! <folder>/results/<id>-<n>.json   what statement n answered; written before the commit
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use model::{Error, Kind};
use tokio::sync::{Notify, watch};

use super::error::ApiError;
use super::record::{Record, Status};
use super::request::Submission;
use super::result::StoredResult;
use super::session::Sessions;
use crate::store::write_whole;
use crate::warehouse::Warehouse;

/// Statements and results are told for a day.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// After that the id is known to have expired for another day.
const REMEMBERED: TimeDelta = TimeDelta::hours(48);
/// A client token stands for its statement this long.
const TOKEN_KEPT: TimeDelta = TimeDelta::hours(8);
/// Statements that may be under way.
const MOST_ACTIVE: usize = 500;

/// How far a running statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Cancelled,
    /// Too late to cancel.
    Committing,
    Over,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    phase: Phase,
    cancelled: Arc<Notify>,
}

/// The statements.
#[derive(Debug)]
pub(super) struct Registry {
    statements: PathBuf,
    results: PathBuf,
    entries: Mutex<BTreeMap<String, Entry>>,
    pub sessions: Sessions,
    active: watch::Sender<usize>,
}

/// What a submission led to.
pub(super) enum Submitted {
    /// A new statement, to be run; the notice tells that it is cancelled.
    New(Record, Arc<Notify>),
    /// The statement that the same token submitted before.
    Known(Record),
}

impl Registry {
    /// Reads the folder. What ran when the process ended is aborted, unless its commit happened.
    pub fn open(folder: &Path, warehouse: &Warehouse) -> model::Result<Self> {
        let failed = || Error::new(Kind::Config, "open the statements in", folder.display());
        let (active, _) = watch::channel(0);
        let registry = Self {
            statements: folder.join("statements"),
            results: folder.join("results"),
            entries: Mutex::default(),
            sessions: Sessions::default(),
            active,
        };
        registry.read(warehouse).map_err(|error| failed().because(error))?;
        Ok(registry)
    }

    fn read(&self, warehouse: &Warehouse) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        fs::create_dir_all(&self.statements)?;
        fs::create_dir_all(&self.results)?;
        for file in fs::read_dir(&self.statements)? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                fs::remove_file(path)?;
                continue;
            }
            let mut record: Record = serde_json::from_slice(&fs::read(&path)?)?;
            let is_done = match record.awaits_commit {
                true => warehouse.has_receipt(&record.id),
                false => record.status.is_terminal(),
            };
            if !is_done {
                let error = "the warehouse was restarted while the statement ran".to_owned();
                record.end(Status::Aborted, Some(error), warehouse.now());
            }
            if !is_done || record.awaits_commit {
                record.awaits_commit = false;
                write_whole(&path, &serde_json::to_vec(&record)?)?;
            }
            let entry = Entry { record, phase: Phase::Over, cancelled: Arc::default() };
            self.with(|entries| entries.insert(entry.record.id.clone(), entry));
        }
        self.remove_orphans()?;
        Ok(())
    }

    /// Removes results of statements that did not come to their end.
    fn remove_orphans(&self) -> std::io::Result<()> {
        let known: BTreeSet<PathBuf> = self.with(|entries| {
            let parts =
                entries.values().flat_map(|entry| (0..).zip(&entry.record.parts).map(move |part| (entry, part)));
            let with_result = parts.filter(|(_, (_, part))| part.has_result);
            with_result.map(|(entry, (n, _))| self.result(&entry.record.id, n)).collect()
        });
        for file in fs::read_dir(&self.results)? {
            let path = file?.path();
            if !known.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Registers a submission, unless its token was seen within 8 hours from the same caller (that tokens belong to
    /// callers is unverified).
    pub fn submit(&self, submission: Submission, now: DateTime<Utc>) -> Result<Submitted, ApiError> {
        self.with(|entries| {
            let same_token = |entry: &&Entry| {
                entry.record.submission.client_token.is_some()
                    && entry.record.submission.owner == submission.owner
                    && entry.record.submission.client_token == submission.client_token
                    && now - entry.record.created_at < TOKEN_KEPT
            };
            if let Some(known) = entries.values().find(same_token) {
                // What other SQL with a known token leads to is unverified.
                return match known.record.submission == submission {
                    true => Ok(Submitted::Known(known.record.clone())),
                    false => Err(ApiError::validation("ClientToken was used before with another request")),
                };
            }
            if *self.active.borrow() >= MOST_ACTIVE {
                return Err(ApiError::exceeded("ActiveStatementsExceededException", "statements", MOST_ACTIVE));
            }
            let session_id = self.sessions.enter(&submission, now)?;
            let record = Record::new(uuid::Uuid::new_v4().to_string(), submission, session_id, now);
            let entry = Entry { record: record.clone(), phase: Phase::Running, cancelled: Arc::default() };
            let cancelled = Arc::clone(&entry.cancelled);
            entries.insert(record.id.clone(), entry);
            self.active.send_modify(|active| *active += 1);
            Ok(Submitted::New(record, cancelled))
        })
    }

    /// A statement of a caller that is known and not expired.
    pub fn get(&self, id: &str, caller: &str, now: DateTime<Utc>) -> Result<Record, ApiError> {
        let record = self.with(|entries| entries.get(id).map(|entry| entry.record.clone()));
        let record = record.filter(|record| record.submission.owner == caller);
        let record = record.ok_or_else(|| ApiError::not_found("Query does not exist.", id))?;
        if now - record.created_at > KEPT {
            return Err(ApiError::validation(format!("The query with the id {id} has expired")));
        }
        Ok(record)
    }

    /// All of a caller that are not expired, the newest first.
    pub fn list(&self, caller: &str, now: DateTime<Utc>) -> Vec<Record> {
        let mut records: Vec<Record> = self.with(|entries| {
            let records = entries.values().map(|entry| &entry.record);
            let records = records.filter(|record| record.submission.owner == caller);
            records.filter(|record| now - record.created_at <= KEPT).cloned().collect()
        });
        records.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        records
    }

    /// Changes a record that is in memory.
    pub fn update(&self, id: &str, change: impl FnOnce(&mut Record)) {
        self.with(|entries| entries.get_mut(id).map(|entry| change(&mut entry.record)));
    }

    /// Cancels a statement that runs. Nothing of it will be committed.
    pub fn cancel(&self, id: &str) -> Result<(), ApiError> {
        self.with(|entries| {
            let entry = entries.get_mut(id).ok_or_else(|| ApiError::not_found("Query does not exist.", id))?;
            match entry.phase {
                Phase::Running => {
                    entry.phase = Phase::Cancelled;
                    entry.cancelled.notify_one();
                    Ok(())
                }
                Phase::Cancelled => Ok(()),
                Phase::Committing | Phase::Over => Err(ApiError::validation(format!(
                    "Could not cancel a query that is already in {} state with ID: {id}",
                    entry.record.status.name()
                ))),
            }
        })
    }

    /// Whether the statement may commit: from now on it cannot be cancelled.
    pub fn may_commit(&self, id: &str) -> bool {
        self.with(|entries| match entries.get_mut(id) {
            Some(entry) if entry.phase == Phase::Running => {
                entry.phase = Phase::Committing;
                true
            }
            _ => false,
        })
    }

    /// Writes a record to disk.
    pub async fn save(&self, record: &Record) -> Result<(), ApiError> {
        let path = self.statements.join(format!("{}.json", record.id));
        write(path, serde_json::to_vec(record).map_err(ApiError::internal)?).await
    }

    /// Writes what statement `n` (from 0) of a record answered, and tells its size.
    pub async fn save_result(&self, id: &str, n: usize, result: &StoredResult) -> Result<usize, ApiError> {
        let bytes = serde_json::to_vec(result).map_err(ApiError::internal)?;
        let size = bytes.len();
        write(self.result(id, n), bytes).await?;
        Ok(size)
    }

    /// Reads what statement `n` (from 0) of a record answered.
    pub async fn read_result(&self, id: &str, n: usize) -> Result<StoredResult, ApiError> {
        let bytes = tokio::fs::read(self.result(id, n)).await.map_err(ApiError::internal)?;
        serde_json::from_slice(&bytes).map_err(ApiError::internal)
    }

    fn result(&self, id: &str, n: usize) -> PathBuf {
        self.results.join(format!("{id}-{n}.json"))
    }

    /// The statement is over and its last record is written, or cannot be.
    pub fn finish(&self, record: Record) {
        self.sessions.leave(record.session_id.as_deref(), record.updated_at);
        self.with(|entries| {
            if let Some(entry) = entries.get_mut(&record.id) {
                entry.record = record;
                entry.phase = Phase::Over;
            }
        });
        self.active.send_modify(|active| *active -= 1);
    }

    /// Waits until every statement is over.
    pub async fn idle(&self) {
        let mut active = self.active.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _all_over = active.wait_for(|active| *active == 0).await;
    }

    /// Lets go of what is kept no longer.
    pub async fn expire(&self, now: DateTime<Utc>) -> Result<(), ApiError> {
        let over = |entry: &Entry, age| entry.phase == Phase::Over && now - entry.record.created_at > age;
        let (expired, forgotten) = self.with(|entries| {
            let mut expired = Vec::new();
            for entry in entries.values_mut().filter(|entry| over(entry, KEPT)) {
                let with_result = (0..).zip(&mut entry.record.parts).filter(|(_, part)| part.has_result);
                for (n, part) in with_result {
                    part.has_result = false;
                    expired.push(self.result(&entry.record.id, n));
                }
            }
            let forgotten: Vec<String> =
                entries.values().filter(|entry| over(entry, REMEMBERED)).map(|entry| entry.record.id.clone()).collect();
            entries.retain(|id, _| !forgotten.contains(id));
            (expired, forgotten)
        });
        let records = forgotten.iter().map(|id| self.statements.join(format!("{id}.json")));
        for path in expired.into_iter().chain(records) {
            match tokio::fs::remove_file(path).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(ApiError::internal(error)),
                _ => {}
            }
        }
        Ok(())
    }
}

async fn write(path: PathBuf, bytes: Vec<u8>) -> Result<(), ApiError> {
    let written = tokio::task::spawn_blocking(move || write_whole(&path, &bytes)).await;
    written.map_err(ApiError::internal)?.map_err(ApiError::internal)
}
