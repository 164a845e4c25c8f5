//! All executions: kept in a folder, run, stopped, waited for.
//!
//! An execution is one file, replaced whole at each change: what a kill leaves is the state before or after it.

use std::collections::BTreeMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use model::hash::hash32;
use serde_json::Value;
use tokio::task::AbortHandle;

use super::Listener;
use super::execution::{Execution, Status, StatusChange};
use super::failure::{Failure, Stop};
use crate::activity::{Activity, Busy};
use crate::clock::Clock;
use crate::lines;

/// The error of an execution whose process ended. AWS has none such: its executions outlive any machine.
const RESTARTED: (&str, &str) = ("Local.Restarted", "The process that ran the execution was restarted.");

/// All executions. Dropping it stops those that run; the next [`Executions::open`] of the folder marks them.
pub struct Executions {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    clock: Clock,
    listener: Listener,
    activity: Activity,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    executions: BTreeMap<String, Execution>,
    running: BTreeMap<String, Running>,
}

/// What is held of an execution while it runs.
struct Running {
    task: AbortHandle,
    _busy: Busy,
}

/// How a flow ends.
type Outcome = Result<Value, Stop>;

/// What became of a start.
pub enum Started {
    /// It runs, or it ran already under this name with this input.
    Runs(Execution),
    /// The name is taken by an execution that is closed or had another input.
    Exists(Execution),
}

impl Executions {
    /// Opens the folder, made if it is missing. Executions that the last process left running end as ABORTED, and the
    /// listener is told.
    pub fn open(folder: PathBuf, clock: Clock, activity: Activity, listener: Listener) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let mut table = Table::default();
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            // A kill may leave the new bytes of a file beside it; they were never the file.
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let execution: Execution = serde_json::from_slice(&std::fs::read(&path)?)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display())))?;
            table.executions.insert(execution.name.clone(), execution);
        }
        let shared = Arc::new(Shared { folder, clock, listener, activity, table: Mutex::new(table) });
        shared.abort_all_left()?;
        Ok(Self { shared })
    }

    /// Starts an execution of this name, or finds it: the same name and input again, while it runs, is the same start.
    pub fn start(
        &self,
        execution: Execution,
        flow: impl Future<Output = Outcome> + Send + 'static,
    ) -> io::Result<Started> {
        let mut table = self.shared.table();
        if let Some(earlier) = table.executions.get(&execution.name) {
            let is_same = earlier.status == Status::Running && earlier.input == execution.input;
            let earlier = earlier.clone();
            return Ok(if is_same { Started::Runs(earlier) } else { Started::Exists(earlier) });
        }
        self.shared.keep(&execution)?;
        self.shared.tell(&execution);
        let (shared, name) = (self.shared.clone(), execution.name.clone());
        let task = tokio::spawn(async move {
            let outcome = AssertUnwindSafe(flow).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(Failure::runtime("The interpreter panicked").into()));
            shared.end(&name, |execution, now| execution.end_with(outcome, now));
        });
        let running = Running { task: task.abort_handle(), _busy: self.shared.activity.begin() };
        table.running.insert(execution.name.clone(), running);
        table.executions.insert(execution.name.clone(), execution.clone());
        Ok(Started::Runs(execution))
    }

    /// The execution of this name.
    pub fn get(&self, name: &str) -> Option<Execution> {
        self.shared.table().executions.get(name).cloned()
    }

    /// All executions, the youngest first.
    pub fn list(&self) -> Vec<Execution> {
        let mut executions: Vec<_> = self.shared.table().executions.values().cloned().collect();
        executions.sort_by(|a, b| b.start_date.cmp(&a.start_date).then_with(|| b.name.cmp(&a.name)));
        executions
    }

    /// Stops an execution; one that is closed stays as it is. Answers it as it stands then.
    pub fn stop(&self, name: &str, error: Option<String>, cause: Option<String>) -> Option<Execution> {
        self.shared.end(name, |execution, now| execution.end(Status::Aborted, now, error, cause));
        self.get(name)
    }
}

impl Drop for Executions {
    fn drop(&mut self) {
        for running in std::mem::take(&mut self.shared.table().running).into_values() {
            running.task.abort();
        }
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, execution: &Execution) -> io::Result<()> {
        // A name may hold characters that a file's name may not, and more bytes.
        let path = self.folder.join(format!("{}.json", hash32([execution.name.as_str()])));
        lines::replace(&path, &serde_json::to_vec_pretty(execution)?)
    }

    /// Tells the listener, while the table is locked: so it hears of changes in the order in which they were made.
    fn tell(&self, execution: &Execution) {
        (self.listener)(StatusChange { execution: execution.clone() });
    }

    fn abort_all_left(&self) -> io::Result<()> {
        for execution in self.table().executions.values_mut().filter(|execution| execution.status == Status::Running) {
            let (error, cause) = RESTARTED;
            execution.end(Status::Aborted, (self.clock)(), Some(error.to_owned()), Some(cause.to_owned()));
            self.keep(execution)?;
            self.tell(execution);
        }
        Ok(())
    }

    /// Ends an execution that runs: whoever comes first ends it, whoever comes later changes nothing.
    fn end(&self, name: &str, end: impl FnOnce(&mut Execution, DateTime<Utc>)) {
        let mut table = self.table();
        let Some(running) = table.running.remove(name) else { return };
        let Some(execution) = table.executions.get_mut(name) else { return };
        end(execution, (self.clock)());
        if let Err(error) = self.keep(execution) {
            // Nobody waits for an answer here. The file still says RUNNING, so the next process marks it ABORTED.
            tracing::error!(name, %error, "the end of an execution is not kept");
        }
        self.tell(execution);
        // `running` is dropped after that: who waits until nothing is under way waits for what the listener has begun, too.
        running.task.abort();
    }
}
