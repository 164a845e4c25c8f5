//! Which execution a run gets: `<run>-<n>`.
//!
//! ```text
//! report of the highest n says succeeded or superseded ─────────────► duplicate
//! else from the n after it:  RUNNING, SUCCEEDED ────────────────────► duplicate
//!                            FAILED, TIMED_OUT, ABORTED ────────────► next n
//!                            no such execution ─► start ─► started
//!                                                   └─ exists now ──► look at it again
//! ```
//!
//! The report is asked first because it stays, while Step Functions forgets an execution after 90 days and would
//! then take its name again (facts/stepfunctions-eventbridge.md, StartExecution).

use aws::error::{is_code, sorted};
use aws::{Clients, object};
use aws_sdk_sfn::types::ExecutionStatus;
use model::flow::ExecutionInput;
use model::name::{ExecutionName, RunName};
use model::plan::RunPlan;
use model::report::{RunReport, Status};
use model::{Error, Kind, Result, layout};

use crate::answer::Outcome;
use crate::config::Config;

/// How many executions are looked at in one call; each failed one without a report costs a look.
const MAX_LOOKS: usize = 100;

/// What there is under an execution's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Nothing, or nothing any more.
    Nothing,
    /// It runs or has succeeded.
    Alive,
    /// It ended without success.
    Over,
}

/// Starts the run, unless an execution of it runs or has succeeded. Two starters of the same run at once end with one
/// execution: its name and input are the same, and Step Functions takes them once.
pub async fn start(clients: &Clients, config: &Config, plan: &RunPlan) -> Result<Outcome> {
    let run = &plan.run;
    let input = serde_json::to_string(&ExecutionInput::of(plan)?)
        .map_err(|error| Error::new(Kind::Bug, "write the input of", run).because(error))?;
    let mut n = match last_report(&clients.s3, &config.control_bucket, run).await? {
        Some(report) if report.status == Status::Failed => report.n + 1,
        Some(report) => return Ok(duplicate(name(run, report.n)?)),
        None => 1,
    };
    for _ in 0..MAX_LOOKS {
        let execution = name(run, n)?;
        match look(clients, config, &execution).await? {
            Found::Alive => return Ok(duplicate(execution)),
            Found::Over => n += 1,
            Found::Nothing if submit(clients, config, &execution, &input).await? => {
                tracing::info!(%run, %execution, "execution started");
                return Ok(Outcome::Started { run: run.clone(), execution });
            }
            // Another starter was faster: what it started is looked at next.
            Found::Nothing => {}
        }
    }
    Err(Error::new(Kind::Transient, "find a free execution of", run)
        .because(format!("{MAX_LOOKS} looks were not enough; the last was at n = {n}")))
}

fn name(run: &RunName, n: u32) -> Result<ExecutionName> {
    ExecutionName::new(run.clone(), n).map_err(|error| Error::new(Kind::Config, "start", run).because(error))
}

fn duplicate(execution: ExecutionName) -> Outcome {
    tracing::info!(run = %execution.run(), %execution, "delivered before");
    Outcome::Duplicate { run: execution.run().clone(), execution }
}

/// The report of the run's highest n, if any has one.
async fn last_report(s3: &aws_sdk_s3::Client, control: &str, run: &RunName) -> Result<Option<RunReport>> {
    let folder = layout::run(run);
    let objects = object::list(s3, control, &folder).await?;
    let numbers = objects.iter().filter_map(|object| layout::report_number(object.key.strip_prefix(&folder)?));
    match numbers.max() {
        Some(n) => object::need_document(s3, control, &layout::report(run, n)).await.map(Some),
        None => Ok(None),
    }
}

async fn look(clients: &Clients, config: &Config, execution: &ExecutionName) -> Result<Found> {
    let arn = config.state_machine.execution_arn(execution);
    match clients.sfn.describe_execution().execution_arn(arn).send().await {
        Ok(answer) => found(answer.status(), execution),
        Err(error) if is_code(&error, "ExecutionDoesNotExist") => Ok(Found::Nothing),
        Err(error) => Err(sorted("look at execution", execution, error)),
    }
}

fn found(status: &ExecutionStatus, execution: &ExecutionName) -> Result<Found> {
    match status {
        // An execution that somebody is about to redrive goes on under its own name.
        ExecutionStatus::Running | ExecutionStatus::Succeeded | ExecutionStatus::PendingRedrive => Ok(Found::Alive),
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => Ok(Found::Over),
        other => Err(Error::new(Kind::Bug, "look at execution", execution)
            .because(format!("its status {:?} is not known", other.as_str()))),
    }
}

/// Whether the execution was started: by this call, or by one with the same input that still runs.
async fn submit(clients: &Clients, config: &Config, execution: &ExecutionName, input: &str) -> Result<bool> {
    let request = clients.sfn.start_execution().state_machine_arn(config.state_machine.arn());
    match request.name(execution.to_string()).input(input).send().await {
        Ok(_) => Ok(true),
        Err(error) if is_code(&error, "ExecutionAlreadyExists") => Ok(false),
        Err(error) => Err(sorted("start", execution, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_end_without_success_makes_room_for_the_next_n() {
        let execution = ExecutionName::parse("sales-00000000000000000000000000000000-1").unwrap();
        let of = |status: &str| found(&ExecutionStatus::from(status), &execution);
        for alive in ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"] {
            assert_eq!(of(alive).unwrap(), Found::Alive, "{alive}");
        }
        for over in ["FAILED", "TIMED_OUT", "ABORTED"] {
            assert_eq!(of(over).unwrap(), Found::Over, "{over}");
        }
        assert_eq!(of("RESTING").unwrap_err().kind(), Kind::Bug);
    }
}
