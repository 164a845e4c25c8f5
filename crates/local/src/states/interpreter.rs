//! Runs a flow: one state after the other.
//!
//! ```text
//! input ─ InputPath ─ Parameters ─► work ─ ResultSelector ─ ResultPath (into the input) ─ OutputPath ─► next state
//!                                    │ fails: Retry, then Catch (into the input) ─► its state
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use uuid::Uuid;

use super::definition::{ChoiceState, FailState, Flow, MapState, PassState, State, TaskState, WaitState};
use super::failure::{Failure, Stop};
use super::flow_time::FlowTime;
use super::path::{Placement, Scope, Selection};
use super::retry::{Catcher, Retrier, Retries};
use super::template::{Expression, Template};
use crate::invoke::{Invocation, Invoke};

/// The most bytes of JSON that may enter or leave a state (facts/stepfunctions-eventbridge.md).
pub const DATA_BYTES: usize = 262_144;

/// Where an execution stands, apart from its data: the context object and the time.
#[derive(Debug, Clone)]
pub struct Frame {
    context: Value,
    /// The time of this line of the execution.
    pub time: FlowTime,
}

impl Frame {
    /// The beginning of an execution. `execution` is the `Execution` member of the context object.
    pub fn begin(execution: Value, time: FlowTime) -> Self {
        Self { context: json!({ "Execution": execution }), time }
    }

    /// The same place inside a Map, at one item.
    pub fn at_item(&self, index: usize, item: &Value) -> Self {
        let mut frame = self.clone();
        frame.set("Map", json!({ "Item": { "Index": index, "Value": item } }));
        frame
    }

    /// What paths see here.
    pub fn scope<'a>(&'a self, input: &'a Value) -> Scope<'a> {
        Scope { input, context: &self.context }
    }

    fn set(&mut self, member: &str, value: Value) {
        if let Value::Object(context) = &mut self.context {
            context.insert(member.to_owned(), value);
        }
    }
}

/// What follows a state.
enum Step {
    Next(String, Value),
    End(Value),
}

impl Step {
    fn new(next: Option<&String>, output: Value) -> Self {
        match next {
            Some(next) => Self::Next(next.clone(), output),
            None => Self::End(output),
        }
    }
}

/// Runs flows; functions are called through [`Invoke`].
#[derive(Clone)]
pub struct Interpreter {
    invoke: Arc<dyn Invoke>,
}

/// The two kinds of state that can fail and try again.
#[derive(Clone, Copy)]
enum Work<'a> {
    Task(&'a TaskState),
    Map(&'a Arc<MapState>),
}

/// The fields that a Task and a Map share.
struct Shaping<'a> {
    input_path: &'a Selection,
    result_selector: Option<&'a Template>,
    result_path: &'a Placement,
    output_path: &'a Selection,
    retry: &'a [Retrier],
    catch: &'a [Catcher],
    next: Option<&'a String>,
}

impl<'a> Work<'a> {
    fn shaping(self) -> Shaping<'a> {
        match self {
            Self::Task(task) => Shaping {
                input_path: &task.input_path,
                result_selector: task.result_selector.as_ref(),
                result_path: &task.result_path,
                output_path: &task.output_path,
                retry: &task.retry,
                catch: &task.catch,
                next: task.next.as_ref(),
            },
            Self::Map(map) => Shaping {
                input_path: &map.input_path,
                result_selector: map.result_selector.as_ref(),
                result_path: &map.result_path,
                output_path: &map.output_path,
                retry: &map.retry,
                catch: &map.catch,
                next: map.next.as_ref(),
            },
        }
    }
}

impl Interpreter {
    /// An interpreter that calls functions so.
    pub fn new(invoke: Arc<dyn Invoke>) -> Self {
        Self { invoke }
    }

    /// Runs a flow to its end and answers its output. Boxed, because a Map's states are a flow again.
    pub fn run<'a>(&'a self, flow: &'a Flow, input: Value, frame: &'a mut Frame) -> BoxFuture<'a, Result<Value, Stop>> {
        async move {
            let mut name = flow.start_at.clone();
            let mut input = input;
            loop {
                // A flow of states that never wait must still let others run, and let itself be stopped.
                tokio::task::yield_now().await;
                let Some(state) = flow.states.0.get(&name) else {
                    return Err(Failure::runtime(format!("There is no state '{name}'")).into());
                };
                frame.set("State", json!({ "Name": name }));
                match self.step(state, input, frame).await? {
                    Step::Next(next, output) => {
                        within_limit(&output, &name)?;
                        (name, input) = (next, output);
                    }
                    Step::End(output) => {
                        within_limit(&output, &name)?;
                        return Ok(output);
                    }
                }
            }
        }
        .boxed()
    }

    async fn step(&self, state: &State, input: Value, frame: &mut Frame) -> Result<Step, Stop> {
        match state {
            State::Pass(pass) => Ok(step_pass(pass, input, frame)?),
            State::Task(task) => self.work(Work::Task(task), input, frame).await,
            State::Map(map) => self.work(Work::Map(map), input, frame).await,
            State::Choice(choice) => Ok(step_choice(choice, &input, frame)?),
            State::Wait(wait) => step_wait(wait, &input, frame).await,
            State::Succeed(succeed) => {
                let output = succeed.input_path.select(frame.scope(&input))?;
                Ok(Step::End(succeed.output_path.select(frame.scope(&output))?))
            }
            State::Fail(fail) => Err(failure_of(fail, &input, frame)?.into()),
        }
    }

    /// Tries a Task or a Map until it succeeds, its retries are used up, or the execution times out.
    async fn work(&self, work: Work<'_>, input: Value, frame: &mut Frame) -> Result<Step, Stop> {
        let shaping = work.shaping();
        let mut retries = Retries::new(shaping.retry);
        loop {
            let failure = match self.attempt(work, &input, frame).await {
                Ok(output) => return Ok(Step::new(shaping.next, output)),
                Err(Stop::Failed(failure)) => failure,
                Err(Stop::TimedOut) => return Err(Stop::TimedOut),
            };
            if let Some(delay) = retries.after(&failure, chance()) {
                frame.time.wait(delay).await?;
                continue;
            }
            let Some(catcher) = Catcher::find(shaping.catch, &failure) else { return Err(failure.into()) };
            let output = catcher.result_path.place(input, failure.output())?;
            return Ok(Step::Next(catcher.next.clone(), output));
        }
    }

    async fn attempt(&self, work: Work<'_>, input: &Value, frame: &mut Frame) -> Result<Value, Stop> {
        let shaping = work.shaping();
        let effective = shaping.input_path.select(frame.scope(input))?;
        let result = match work {
            Work::Task(task) => self.call(task, &effective, frame).await?,
            Work::Map(map) => self.map(map, effective, frame).await?,
        };
        let result = match shaping.result_selector {
            Some(selector) => selector.evaluate(frame.scope(&result))?,
            None => result,
        };
        let output = shaping.result_path.place(input.clone(), result)?;
        Ok(shaping.output_path.select(frame.scope(&output))?)
    }

    /// Calls a function. The answer has the members of AWS's that are data; those about HTTP are left out.
    async fn call(&self, task: &TaskState, input: &Value, frame: &Frame) -> Result<Value, Stop> {
        let payload = task.parameters.payload.evaluate(frame.scope(input))?;
        let function = task.parameters.function.as_str();
        within_limit(&payload, function)?;
        let limit = task.timeout_seconds.map(|seconds| Duration::from_secs(seconds.into()));
        let invocation = frame.time.call(limit, self.invoke.invoke(function, payload)).await?;
        match &invocation {
            Invocation::Answer(answer) => {
                within_limit(answer, function)?;
                Ok(json!({ "ExecutedVersion": "$LATEST", "StatusCode": 200, "Payload": answer }))
            }
            Invocation::Failed { error_type, .. } => {
                let error = if error_type.is_empty() { Failure::LAMBDA_UNKNOWN } else { error_type };
                Err(Failure::new(error, invocation.payload().to_string()).into())
            }
            Invocation::Transport(message) => Err(Failure::new(Failure::LAMBDA_UNREACHED, message).into()),
        }
    }
}

fn step_pass(pass: &PassState, input: Value, frame: &Frame) -> Result<Step, Failure> {
    let effective = pass.input_path.select(frame.scope(&input))?;
    let result = match (&pass.result, &pass.parameters) {
        (Some(result), _) => result.clone(),
        (None, Some(parameters)) => parameters.evaluate(frame.scope(&effective))?,
        (None, None) => effective,
    };
    let output = pass.result_path.place(input, result)?;
    Ok(Step::new(pass.next.as_ref(), pass.output_path.select(frame.scope(&output))?))
}

fn step_choice(choice: &ChoiceState, input: &Value, frame: &Frame) -> Result<Step, Failure> {
    let effective = choice.input_path.select(frame.scope(input))?;
    let mut next = choice.default.as_ref();
    for rule in &choice.choices {
        if rule.holds(frame.scope(&effective))? {
            next = Some(&rule.next);
            break;
        }
    }
    let next = next.ok_or_else(|| Failure::new(Failure::NO_CHOICE, "No rule holds and there is no Default"))?;
    Ok(Step::Next(next.clone(), choice.output_path.select(frame.scope(&effective))?))
}

async fn step_wait(wait: &WaitState, input: &Value, frame: &mut Frame) -> Result<Step, Stop> {
    let effective = wait.input_path.select(frame.scope(input))?;
    let seconds = match &wait.seconds_path {
        None => wait.seconds.unwrap_or_default(),
        Some(path) => {
            let value = path.find(frame.scope(&effective))?;
            let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
            seconds.ok_or_else(|| Failure::runtime(format!("The SecondsPath '{}' finds no seconds", path.text())))?
        }
    };
    frame.time.wait(Duration::from_secs(seconds.into())).await?;
    Ok(Step::new(wait.next.as_ref(), wait.output_path.select(frame.scope(&effective))?))
}

fn failure_of(fail: &FailState, input: &Value, frame: &Frame) -> Result<Failure, Failure> {
    let text = |written: &Option<String>, computed: &Option<Expression>, field: &str| match computed {
        None => Ok(written.clone()),
        Some(expression) => match expression.evaluate(frame.scope(input))? {
            Value::String(text) => Ok(Some(text)),
            _ => Err(Failure::runtime(format!("{field} finds no string"))),
        },
    };
    Ok(Failure {
        error: text(&fail.error, &fail.error_path, "ErrorPath")?,
        cause: text(&fail.cause, &fail.cause_path, "CausePath")?,
    })
}

/// Refuses what is larger than Step Functions passes between states.
pub fn within_limit(value: &Value, place: &str) -> Result<(), Failure> {
    if value.to_string().len() <= DATA_BYTES {
        return Ok(());
    }
    let cause = format!("'{place}' has an input or output larger than the maximum of {DATA_BYTES} bytes");
    Err(Failure::new(Failure::DATA_LIMIT, cause))
}

/// A number from 0 to 1, for jitter.
fn chance() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}
