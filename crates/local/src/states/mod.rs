//! Step Functions: one state machine, executed from its definition.
//!
//! ```text
//! StartExecution ─► Executions ── a file each, a task each ──► Interpreter ─► Invoke (Lambda)
//!                       │ every change of status                    │ definition: what may be written
//!                       ▼                                           │ validate: what must hold beyond that
//!                    Listener ─► EventBridge's shape                └ path, template, intrinsic, choice, retry, map
//! ```
//!
//! It knows the JSONPath form of Amazon States Language with the states, fields and functions that Sluice's own flow
//! uses and their nearest kin; everything else is refused when the definition is read, by its place. It does not know
//! Express machines, JSONata, Parallel, Distributed Map, task tokens, redrive, or the history of an execution.
//! Start reading at [`StateMachines`], then `interpreter`.

mod api;
mod choice;
mod definition;
mod execution;
mod executions;
mod failure;
mod flow_time;
mod interpreter;
mod intrinsic;
mod map;
mod path;
mod retry;
mod template;
mod validate;

#[cfg(test)]
mod interpreter_tests;
#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use model::{Error, Kind, Result};
use serde_json::Value;

use crate::activity::Activity;
use crate::clock::{Clock, Pace};
use crate::invoke::Invoke;
use crate::names;
use crate::request::{answer, read};
use crate::wire::{ApiError, Service};

use definition::Machine;
pub use execution::{Execution, Status, StatusChange};
use executions::{Executions, Started};
use flow_time::FlowTime;
use interpreter::{Frame, Interpreter};

/// Who is told when an execution begins or ends, in the order of the changes. It must neither wait nor call the state
/// machine back.
pub type Listener = Arc<dyn Fn(StatusChange) + Send + Sync>;

/// What a state machine is opened with.
pub struct Setup {
    /// Where executions are kept.
    pub folder: PathBuf,
    /// The definition, as in `infra/flow.asl.json`.
    pub definition: String,
    /// What stands for `${name}` in the definition.
    pub substitutions: Vec<(String, String)>,
    /// Runs the functions.
    pub invoke: Arc<dyn Invoke>,
    /// Tells the time.
    pub clock: Clock,
    /// How fast waits pass.
    pub pace: Pace,
    /// Counts the executions that run.
    pub activity: Activity,
    /// Is told of every change of status.
    pub listener: Listener,
}

/// The service, with its one state machine.
pub struct StateMachines {
    definition: String,
    machine: Arc<Machine>,
    interpreter: Interpreter,
    executions: Executions,
    clock: Clock,
    pace: Pace,
    activity: Activity,
    created: DateTime<Utc>,
}

impl StateMachines {
    /// Reads and checks the definition, and opens the executions.
    ///
    /// Fails with [`Kind::Config`] on a definition that the double does not know or that leads nowhere, naming every
    /// fault, and on a folder that cannot be read.
    pub fn open(setup: Setup) -> Result<Self> {
        let refused =
            |why: String| Error::new(Kind::Config, "read state machine", names::state_machine_arn()).because(why);
        let definition = substituted(setup.definition, &setup.substitutions).map_err(refused)?;
        let machine = Machine::read(&definition).map_err(refused)?;
        let faults = validate::faults(&machine);
        if !faults.is_empty() {
            return Err(refused(faults.join("; ")));
        }
        let folder = setup.folder.display().to_string();
        let executions = Executions::open(setup.folder, setup.clock.clone(), setup.activity.clone(), setup.listener)
            .map_err(|error| Error::new(Kind::Config, "open executions in", folder).because(error))?;
        Ok(Self {
            definition,
            machine: Arc::new(machine),
            interpreter: Interpreter::new(setup.invoke),
            executions,
            created: (setup.clock)(),
            clock: setup.clock,
            pace: setup.pace,
            activity: setup.activity,
        })
    }

    /// Returns once nothing that the setup's [`Activity`] counts is under way.
    pub async fn idle(&self) {
        self.activity.idle().await;
    }

    /// All executions, the youngest first.
    pub fn executions(&self) -> Vec<Execution> {
        self.executions.list()
    }

    fn start(&self, request: api::StartExecution) -> std::result::Result<api::Started, ApiError> {
        request.is_for_the_machine()?;
        let name = request.name.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        api::check_name(&name)?;
        let text = request.input.unwrap_or_else(|| "{}".to_owned());
        let input = api::check_input(&text)?;
        let execution = Execution {
            name,
            status: Status::Running,
            start_date: (self.clock)(),
            stop_date: None,
            input: text,
            output: None,
            error: None,
            cause: None,
            trace_header: request.trace_header,
        };
        let mut frame = Frame::begin(execution.context(&input), FlowTime::begin(self.pace, self.machine.timeout));
        let (interpreter, machine) = (self.interpreter.clone(), self.machine.clone());
        let flow = async move { interpreter.run(&machine.flow, input, &mut frame).await };
        match self.executions.start(execution, flow) {
            Ok(Started::Runs(execution)) => Ok(api::Started::of(&execution)),
            Ok(Started::Exists(execution)) => Err(api::already_exists(&execution)),
            Err(error) => Err(ApiError::internal(format!("cannot keep the execution: {error}"))),
        }
    }

    fn describe_machine(&self) -> api::MachineDescription<'_> {
        api::MachineDescription::new(&self.definition, self.created)
    }

    fn stop(&self, request: api::StopExecution) -> std::result::Result<api::Stopped, ApiError> {
        let name = api::name_in(&request.execution_arn)?;
        let execution = self.executions.stop(name, request.error, request.cause);
        execution.as_ref().map(api::Stopped::of).ok_or_else(|| api::no_execution(&request.execution_arn))
    }
}

#[async_trait]
impl Service for StateMachines {
    fn target_prefix(&self) -> &'static str {
        "AWSStepFunctions"
    }

    fn content_type(&self) -> &'static str {
        "application/x-amz-json-1.0"
    }

    async fn call(&self, operation: &str, request: Value) -> std::result::Result<Value, ApiError> {
        match operation {
            "StartExecution" => answer(&self.start(read(operation, request)?)?),
            "DescribeExecution" => {
                let request: api::DescribeExecution = read(operation, request)?;
                let execution = self.executions.get(api::name_in(&request.execution_arn)?);
                let execution = execution.ok_or_else(|| api::no_execution(&request.execution_arn))?;
                answer(&api::Description::of(&execution))
            }
            "ListExecutions" => {
                let request: api::ListExecutions = read(operation, request)?;
                answer(&request.page(&self.executions.list())?)
            }
            "StopExecution" => answer(&self.stop(read(operation, request)?)?),
            "DescribeStateMachine" => {
                let request: api::DescribeStateMachine = read(operation, request)?;
                request.is_for_the_machine()?;
                answer(&self.describe_machine())
            }
            other => Err(ApiError::not_known(format!("operation \"{other}\" of AWSStepFunctions"))),
        }
    }
}

/// The definition with what stands for its `${…}`. One that nothing stands for is refused.
fn substituted(definition: String, substitutions: &[(String, String)]) -> std::result::Result<String, String> {
    let replace = |text: String, (name, value): &(String, String)| text.replace(&format!("${{{name}}}"), value);
    let text = substitutions.iter().fold(definition, replace);
    match text.find("${") {
        None => Ok(text),
        Some(at) => {
            let rest = text.get(at..).unwrap_or_default();
            Err(format!("nothing stands for `{}`", rest.split_inclusive('}').next().unwrap_or(rest)))
        }
    }
}
