//! A state machine as it is written: one struct per state, one member per field that the double knows.
//!
//! To add a field: a member here, its meaning in `interpreter`, a rule in `validate` where it can be wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::choice::Rule;
use super::path::{Path, Placement, Selection};
use super::retry::{Catcher, Retrier};
use super::template::{Expression, Template};

/// A whole definition.
#[derive(Debug, Deserialize)]
#[serde(from = "Document")]
pub struct Machine {
    /// The states and where to begin.
    pub flow: Flow,
    /// How long an execution may take.
    pub timeout: Option<Duration>,
}

impl Machine {
    /// Reads a definition. A field, state, path or function that the double does not know is refused by its place.
    pub fn read(definition: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(definition).map_err(|error| format!("no JSON: {error}"))?;
        serde_json::from_value(document).map_err(|error| format!("not known to the double: {error}"))
    }
}

/// The top level of a definition.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    start_at: String,
    states: States,
    #[serde(default)]
    timeout_seconds: Option<u32>,
    #[serde(default, rename = "Version")]
    _version: Version,
    #[serde(default, rename = "QueryLanguage")]
    _query_language: QueryLanguage,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

#[derive(Default, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "1.0")]
    One,
}

#[derive(Default, Deserialize)]
enum QueryLanguage {
    #[default]
    #[serde(rename = "JSONPath")]
    JsonPath,
}

impl From<Document> for Machine {
    fn from(document: Document) -> Self {
        Self {
            flow: Flow { start_at: document.start_at, states: document.states },
            timeout: document.timeout_seconds.map(|seconds| Duration::from_secs(seconds.into())),
        }
    }
}

/// States and where to begin: a machine's own, or those that a Map runs for each item.
#[derive(Debug, Default)]
pub struct Flow {
    /// The name of the first state.
    pub start_at: String,
    /// The states.
    pub states: States,
}

/// States by name.
#[derive(Debug, Default)]
pub struct States(pub BTreeMap<String, State>);

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let states = Map::deserialize(deserializer)?.into_iter().map(|(name, state)| {
            let state: Result<State, _> = serde_json::from_value(state);
            state
                .map(|state| (name.clone(), state))
                .map_err(|error| D::Error::custom(format!("States.{name}: {error}")))
        });
        states.collect::<Result<_, _>>().map(Self)
    }
}

/// A state.
#[derive(Debug, Deserialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Passes its input on, changed.
    Pass(PassState),
    /// Calls a function.
    Task(Box<TaskState>),
    /// Runs states for every item of a list; shared with the tasks that run them.
    Map(#[serde(deserialize_with = "shared")] Arc<MapState>),
    /// Goes one of several ways.
    Choice(ChoiceState),
    /// Lets time pass.
    Wait(WaitState),
    /// Ends well.
    Succeed(SucceedState),
    /// Ends badly.
    Fail(FailState),
}

/// Passes its input on, changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PassState {
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// The result, computed.
    #[serde(default)]
    pub parameters: Option<Template>,
    /// The result, written out; `null` is a result too.
    #[serde(default, deserialize_with = "written_out")]
    pub result: Option<Value>,
    /// Where the result goes in the input.
    #[serde(default)]
    pub result_path: Placement,
    /// What is passed on of that.
    #[serde(default)]
    pub output_path: Selection,
    /// The state that follows.
    #[serde(default)]
    pub next: Option<String>,
    /// Whether none follows.
    #[serde(default)]
    pub end: bool,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

fn written_out<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Calls a function.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TaskState {
    #[serde(rename = "Resource")]
    _resource: Resource,
    /// The function and what it is called with.
    pub parameters: LambdaCall,
    /// How long the call may take.
    #[serde(default)]
    pub timeout_seconds: Option<u32>,
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// What is made of the call's answer.
    #[serde(default)]
    pub result_selector: Option<Template>,
    /// Where that goes in the input.
    #[serde(default)]
    pub result_path: Placement,
    /// What is passed on of that.
    #[serde(default)]
    pub output_path: Selection,
    /// When a failure is tried again.
    #[serde(default)]
    pub retry: Vec<Retrier>,
    /// Where a failure leads.
    #[serde(default)]
    pub catch: Vec<Catcher>,
    /// The state that follows.
    #[serde(default)]
    pub next: Option<String>,
    /// Whether none follows.
    #[serde(default)]
    pub end: bool,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// What a Task can do.
#[derive(Debug, Deserialize)]
enum Resource {
    #[serde(rename = "arn:aws:states:::lambda:invoke")]
    LambdaInvoke,
}

/// `Parameters` of a Task that calls a function.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct LambdaCall {
    /// The function's name or ARN.
    pub function: String,
    /// What it is called with.
    pub payload: Template,
}

impl TryFrom<Map<String, Value>> for LambdaCall {
    type Error = String;

    fn try_from(mut parameters: Map<String, Value>) -> Result<Self, String> {
        let Some(Value::String(function)) = parameters.remove("FunctionName") else {
            return Err("Parameters without a written-out `FunctionName`".to_owned());
        };
        let Template::Object(members) = Template::try_from(Value::Object(parameters))? else {
            return Err("Parameters that are no object".to_owned());
        };
        let mut payload = None;
        for (name, template) in members {
            match name.as_str() {
                "Payload" => payload = Some(template),
                other => {
                    return Err(format!("unknown field `{other}` in Parameters, expected `FunctionName`, `Payload`"));
                }
            }
        }
        let payload = payload.ok_or_else(|| "Parameters without `Payload`".to_owned())?;
        Ok(Self { function, payload })
    }
}

/// Runs states for every item of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MapState {
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// Where the list is in that.
    #[serde(default)]
    pub items_path: Path,
    /// What is made of each item; the item itself when absent.
    #[serde(default)]
    pub item_selector: Option<Template>,
    /// The old name of `ItemSelector`.
    #[serde(default)]
    pub parameters: Option<Template>,
    /// How many items run at once; 0: as many as AWS allows.
    #[serde(default)]
    pub max_concurrency: u32,
    /// What runs for each item.
    #[serde(deserialize_with = "item_processor")]
    pub item_processor: Flow,
    /// What is made of the list of outputs.
    #[serde(default)]
    pub result_selector: Option<Template>,
    /// Where that goes in the input.
    #[serde(default)]
    pub result_path: Placement,
    /// What is passed on of that.
    #[serde(default)]
    pub output_path: Selection,
    /// When a failure is tried again.
    #[serde(default)]
    pub retry: Vec<Retrier>,
    /// Where a failure leads.
    #[serde(default)]
    pub catch: Vec<Catcher>,
    /// The state that follows.
    #[serde(default)]
    pub next: Option<String>,
    /// Whether none follows.
    #[serde(default)]
    pub end: bool,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// `ItemProcessor` of a Map.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ItemProcessor {
    #[serde(default, rename = "ProcessorConfig")]
    _processor_config: Option<ProcessorConfig>,
    start_at: String,
    states: States,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ProcessorConfig {
    #[serde(rename = "Mode")]
    _mode: Mode,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Mode {
    Inline,
}

fn shared<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Arc<T>, D::Error> {
    T::deserialize(deserializer).map(Arc::new)
}

fn item_processor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Flow, D::Error> {
    let processor: Result<ItemProcessor, _> = serde_json::from_value(Value::deserialize(deserializer)?);
    let processor = processor.map_err(|error| D::Error::custom(format!("ItemProcessor.{error}")))?;
    Ok(Flow { start_at: processor.start_at, states: processor.states })
}

/// Goes one of several ways.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ChoiceState {
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// The ways, in the order in which they are tried.
    pub choices: Vec<Rule>,
    /// The way when no rule holds.
    #[serde(default)]
    pub default: Option<String>,
    /// What is passed on.
    #[serde(default)]
    pub output_path: Selection,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// Lets time pass.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WaitState {
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// How long, written out.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// How long, in the input.
    #[serde(default)]
    pub seconds_path: Option<Path>,
    /// What is passed on.
    #[serde(default)]
    pub output_path: Selection,
    /// The state that follows.
    #[serde(default)]
    pub next: Option<String>,
    /// Whether none follows.
    #[serde(default)]
    pub end: bool,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// Ends well.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SucceedState {
    /// What the state takes from its input.
    #[serde(default)]
    pub input_path: Selection,
    /// What is passed on.
    #[serde(default)]
    pub output_path: Selection,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

/// Ends badly.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FailState {
    /// The error's name, written out.
    #[serde(default)]
    pub error: Option<String>,
    /// The error's name, computed.
    #[serde(default)]
    pub error_path: Option<Expression>,
    /// The error's text, written out.
    #[serde(default)]
    pub cause: Option<String>,
    /// The error's text, computed.
    #[serde(default)]
    pub cause_path: Option<Expression>,
    #[serde(default, rename = "Comment")]
    _comment: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(state: Value) -> String {
        let machine = json!({"StartAt": "A", "States": {"A": state}});
        Machine::read(&machine.to_string()).unwrap_err()
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_place() {
        let error = Machine::read(r#"{"StartAt": "A", "States": {}, "Owner": "x"}"#).unwrap_err();
        assert!(error.starts_with("not known to the double: unknown field `Owner`"), "{error}");
        let error = refusal(json!({"Type": "Pass", "End": true, "Assign": {}}));
        assert!(error.starts_with("not known to the double: States.A: unknown field `Assign`"), "{error}");
        let error = refusal(json!({"Type": "Parallel", "Branches": []}));
        assert!(error.starts_with("not known to the double: States.A: unknown variant `Parallel`"), "{error}");
        let error = refusal(json!({"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "End": true}));
        assert!(error.contains("States.A: unknown field `Timestamp`"), "{error}");
    }

    #[test]
    fn an_unknown_field_inside_a_map_is_refused_by_its_place() {
        let item = json!({"Type": "Pass", "End": true, "QueryLanguage": "JSONata"});
        let map = json!({"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": item}}, "End": true});
        let error = refusal(map);
        assert!(error.contains("States.A: ItemProcessor.States.B: unknown field `QueryLanguage`"), "{error}");
        let error = refusal(json!({"Type": "Map", "Iterator": {"StartAt": "B", "States": {}}, "End": true}));
        assert!(error.contains("States.A: unknown field `Iterator`"), "{error}");
        let distributed = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "B", "States": {}});
        let error = refusal(json!({"Type": "Map", "ItemProcessor": distributed, "End": true}));
        assert!(error.contains("unknown variant `DISTRIBUTED`"), "{error}");
    }

    #[test]
    fn a_task_calls_a_function_and_nothing_else() {
        let task = |resource: &str, parameters: Value| {
            refusal(json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true}))
        };
        let invoke = "arn:aws:states:::lambda:invoke";
        let error = task("arn:aws:states:::glue:startJobRun.sync", json!({"FunctionName": "f", "Payload": {}}));
        assert!(error.contains("unknown variant `arn:aws:states:::glue:startJobRun.sync`"), "{error}");
        let error = task(invoke, json!({"FunctionName": "f", "Payload": {}, "InvocationType": "Event"}));
        assert!(error.contains("unknown field `InvocationType` in Parameters"), "{error}");
        let error = task(invoke, json!({"FunctionName.$": "$.f", "Payload": {}}));
        assert!(error.contains("without a written-out `FunctionName`"), "{error}");
        let error = task(invoke, json!({"FunctionName": "f", "Payload.$": "$..x"}));
        assert!(error.contains("Payload.$: path `$..x`"), "{error}");
    }

    #[test]
    fn other_languages_and_versions_are_refused() {
        let error = Machine::read(r#"{"StartAt": "A", "States": {}, "QueryLanguage": "JSONata"}"#).unwrap_err();
        assert!(error.contains("unknown variant `JSONata`"), "{error}");
        assert!(Machine::read("{").unwrap_err().starts_with("no JSON: "));
    }
}
