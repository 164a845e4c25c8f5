//! One submitted statement or batch, from SUBMITTED to its end.
//!
//! Record and commit agree whatever happens in between: the results and the record, as it will be, are on disk before
//! the commit; the commit carries the id as its receipt; whoever opens the folder after a crash believes the record
//! only when the warehouse has the receipt.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Shared;
use super::error::ApiError;
use super::record::{Record, Status};
use super::result::StoredResult;
use crate::error::{SqlError, SqlResult};
use crate::transaction::{Outcome, Transaction};

/// Runs the record's statements as one transaction and ends the record, even when a statement panics.
pub(super) async fn run(shared: Arc<Shared>, record: Record, cancelled: Arc<Notify>) {
    let mut record = match tokio::spawn(ended(Arc::clone(&shared), record.clone(), cancelled)).await {
        Ok(ended) => ended,
        Err(panicked) => {
            let mut record = record;
            let text = SqlError::internal(panicked).to_string();
            record.end(Status::Failed, Some(text), shared.warehouse.now());
            record
        }
    };
    if let Err(error) = shared.registry.save(&record).await {
        // The record on disk stays behind what happened; it is told here while the process lives.
        record.error.get_or_insert(error.message);
    }
    shared.registry.finish(record);
}

async fn ended(shared: Arc<Shared>, record: Record, cancelled: Arc<Notify>) -> Record {
    let id = record.id.clone();
    tokio::select! {
        biased;
        () = cancelled.notified() => aborted(&shared, &id, record),
        ran = statements(&shared, record.clone()) => match ran {
            Ran::Done(record, transaction) if shared.registry.may_commit(&id) => {
                commit(&shared, record, *transaction).await
            }
            Ran::Done(record, _rolled_back) => aborted(&shared, &id, record),
            Ran::Failed(record) => record,
        }
    }
}

enum Ran {
    Done(Record, Box<Transaction>),
    Failed(Record),
}

fn aborted(shared: &Shared, id: &str, record: Record) -> Record {
    // The parts that ended before are in the registry.
    let mut record = shared.registry.get(id, record.created_at).unwrap_or(record);
    record.end(Status::Aborted, None, shared.warehouse.now());
    record
}

async fn statements(shared: &Shared, mut record: Record) -> Ran {
    let now = shared.warehouse.now();
    record.status = Status::Started;
    record.started_at = Some(now);
    record.updated_at = now;
    if record.submission.database != shared.endpoints.database {
        // Where a missing database shows is unverified: here, since connecting is part of running.
        let text = format!("FATAL: database \"{}\" does not exist", record.submission.database);
        record.end(Status::Failed, Some(text), now);
        return Ran::Failed(record);
    }
    let mut transaction = match record.submission.is_batch {
        true => shared.warehouse.begin(),
        false => shared.warehouse.begin_single(),
    };
    for n in 0..record.submission.sqls.len() {
        begin_part(shared, &mut record, n);
        let ended = match statement(&record, n, &mut transaction).await {
            Ok(outcome) => end_part(shared, &mut record, n, outcome).await,
            Err(error) => Err(error.to_string()),
        };
        if let Err(text) = ended {
            let now = shared.warehouse.now();
            if let Some(part) = record.parts.get_mut(n) {
                part.status = Status::Failed;
                part.error = Some(text.clone());
                part.updated_at = now;
            }
            record.end(Status::Failed, Some(text), now);
            return Ran::Failed(record);
        }
    }
    Ran::Done(record, Box::new(transaction))
}

async fn statement(record: &Record, n: usize, transaction: &mut Transaction) -> SqlResult<Outcome> {
    let sql = record.submission.sqls.get(n).ok_or_else(|| SqlError::internal("a part without a statement"))?;
    transaction.run_tokens(record.submission.tokens(sql)?).await
}

fn begin_part(shared: &Shared, record: &mut Record, n: usize) {
    let now = shared.warehouse.now();
    if let Some(part) = record.parts.get_mut(n) {
        part.status = Status::Started;
        part.started_at = Some(now);
        part.updated_at = now;
    }
    show(shared, record);
}

async fn end_part(shared: &Shared, record: &mut Record, n: usize, outcome: Outcome) -> Result<(), String> {
    let size = match &outcome.result {
        Some(result) => {
            let stored = StoredResult::of(result).map_err(|error| error.to_string())?;
            let saved = shared.registry.save_result(&record.id, n, &stored).await;
            Some(saved.map_err(|error: ApiError| error.to_string())?)
        }
        None => None,
    };
    let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok()).unwrap_or(-1);
    if let Some(part) = record.parts.get_mut(n) {
        part.status = Status::Finished;
        part.updated_at = shared.warehouse.now();
        part.rows = number(outcome.rows);
        part.query_id = number(Some(outcome.query_id));
        part.has_result = size.is_some();
        part.result_bytes = number(size.map(|size| size as u64));
    }
    show(shared, record);
    Ok(())
}

/// Lets DescribeStatement see how far the record is.
fn show(shared: &Shared, record: &Record) {
    let seen = record.clone();
    shared.registry.update(&record.id, |known| *known = seen);
}

async fn commit(shared: &Shared, mut record: Record, transaction: Transaction) -> Record {
    let now = shared.warehouse.now();
    let before = record.clone();
    record.end(Status::Finished, None, now);
    let committed = if transaction.has_changes() {
        record.awaits_commit = true;
        let saved = shared.registry.save(&record).await.map_err(|error| error.to_string());
        record.awaits_commit = false;
        match saved {
            Ok(()) => transaction.commit(Some(record.id.clone())).await.map_err(|error| error.to_string()),
            Err(text) => Err(text),
        }
    } else {
        transaction.commit(None).await.map_err(|error| error.to_string())
    };
    match committed {
        Ok(()) => record,
        Err(text) => failed_commit(before, text, now),
    }
}

/// Nothing of the transaction is left, so no statement of it has finished. A single statement is its transaction.
fn failed_commit(mut record: Record, text: String, now: chrono::DateTime<chrono::Utc>) -> Record {
    let is_batch = record.submission.is_batch;
    for part in &mut record.parts {
        part.status = if is_batch { Status::Aborted } else { Status::Failed };
        part.error = (!is_batch).then(|| text.clone());
        part.has_result = false;
        part.updated_at = now;
    }
    record.end(Status::Failed, Some(text), now);
    record
}
