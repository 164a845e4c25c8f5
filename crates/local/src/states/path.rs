//! Paths into a state's input (`$.load.step`) and into the context object (`$$.Execution.Name`).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::Failure;

/// What a path can see: the state's input and the context object.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// What `$` means.
    pub input: &'a Value,
    /// What `$$` means.
    pub context: &'a Value,
}

/// A path of names and indexes, the part of JSONPath that yields exactly one value.
///
/// Wildcards, slices, filters and `..` are refused when the definition is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Input,
    Context,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

/// The members of the context object that the double has. A path into it begins with one of these.
const CONTEXT: &[&[&str]] = &[
    &["Execution", "Id"],
    &["Execution", "Input"],
    &["Execution", "Name"],
    &["Execution", "StartTime"],
    &["State", "Name"],
    &["Map", "Item", "Index"],
    &["Map", "Item", "Value"],
];

impl Default for Path {
    fn default() -> Self {
        Self { text: "$".to_owned(), root: Root::Input, steps: Vec::new() }
    }
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl Path {
    /// Reads `$`, `$.name`, `$['name']`, `$.list[0]`, and the same after `$$`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("path `{text}`");
        let (root, mut rest) = match (text.strip_prefix("$$"), text.strip_prefix('$')) {
            (Some(rest), _) => (Root::Context, rest),
            (None, Some(rest)) => (Root::Input, rest),
            (None, None) => return Err(unknown()),
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = first_step(rest).ok_or_else(unknown)?;
            steps.push(step);
            rest = after;
        }
        let path = Self { text: text.to_owned(), root, steps };
        if root == Root::Context && !CONTEXT.iter().any(|known| path.begins_with(known)) {
            return Err(unknown());
        }
        Ok(path)
    }

    fn begins_with(&self, names: &[&str]) -> bool {
        let fields = self.steps.iter().map(|step| match step {
            Step::Field(name) => name.as_str(),
            Step::Index(_) => "",
        });
        self.steps.len() >= names.len() && fields.zip(names).all(|(field, name)| field == *name)
    }

    /// The value, or nothing when the path leads nowhere.
    pub fn look<'a>(&self, scope: Scope<'a>) -> Option<&'a Value> {
        let root = match self.root {
            Root::Input => scope.input,
            Root::Context => scope.context,
        };
        self.steps.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }

    /// The value; a path that leads nowhere is `States.Runtime`, which ends the execution.
    pub fn find<'a>(&self, scope: Scope<'a>) -> Result<&'a Value, Failure> {
        self.look(scope)
            .ok_or_else(|| Failure::runtime(format!("The JSONPath '{}' could not be found in the input", self.text)))
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The first step of what follows the root, and the rest.
fn first_step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix("['") {
        let (name, rest) = rest.split_once("']")?;
        return (!name.is_empty() && !name.contains(['\'', '\\'])).then(|| (Step::Field(name.to_owned()), rest));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (digits, rest) = rest.split_once(']')?;
        let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return all_digits.then(|| digits.parse().ok()).flatten().map(|index| (Step::Index(index), rest));
    }
    let rest = text.strip_prefix('.')?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    (!name.is_empty()).then(|| (Step::Field(name.to_owned()), rest))
}

/// `InputPath` and `OutputPath`: what a state takes from its input, or passes on of its output.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<Path>")]
pub enum Selection {
    /// What the path finds; `$` when the field is absent.
    Path(Path),
    /// `null` in the definition: an empty object.
    Nothing,
}

impl Default for Selection {
    fn default() -> Self {
        Self::Path(Path::default())
    }
}

impl From<Option<Path>> for Selection {
    fn from(path: Option<Path>) -> Self {
        path.map_or(Self::Nothing, Self::Path)
    }
}

impl Selection {
    /// The selected part.
    pub fn select(&self, scope: Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Path(path) => path.find(scope).cloned(),
            Self::Nothing => Ok(Value::Object(Map::new())),
        }
    }
}

/// `ResultPath`: where a state's result goes in its input.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Option<Path>")]
pub enum Placement {
    /// Under these names, made where they are missing; none: the result replaces the input.
    At(Vec<String>),
    /// `null` in the definition: the result is thrown away and the input is passed on.
    Discard,
}

impl Default for Placement {
    fn default() -> Self {
        Self::At(Vec::new())
    }
}

impl TryFrom<Option<Path>> for Placement {
    type Error = String;

    fn try_from(path: Option<Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::Discard) };
        let names = path.steps.iter().map(|step| match step {
            Step::Field(name) if path.root == Root::Input => Ok(name.clone()),
            _ => Err(format!("path `{}` as a ResultPath", path.text)),
        });
        Ok(Self::At(names.collect::<Result<_, _>>()?))
    }
}

impl Placement {
    /// The input with the result in its place.
    pub fn place(&self, input: Value, result: Value) -> Result<Value, Failure> {
        match self {
            Self::Discard => Ok(input),
            Self::At(names) => {
                let mut output = input;
                let mut place = &mut output;
                for name in names {
                    let Value::Object(members) = place else {
                        let path = names.join(".");
                        return Err(Failure::new(
                            Failure::RESULT_PATH,
                            format!("Unable to apply ReferencePath $.{path} to input"),
                        ));
                    };
                    place = members.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                }
                *place = result;
                Ok(output)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn look(path: &str) -> Option<Value> {
        let input = json!({"load": {"step": "done"}, "items": [7, 8], "with space": 1});
        let context = json!({"Execution": {"Name": "sales-0-1", "Input": {"run": "r"}}});
        Path::parse(path).unwrap().look(Scope { input: &input, context: &context }).cloned()
    }

    #[test]
    fn names_and_indexes_lead_into_input_and_context() {
        assert_eq!(look("$.load.step"), Some(json!("done")));
        assert_eq!(look("$['load']['step']"), Some(json!("done")));
        assert_eq!(look("$['with space']"), Some(json!(1)));
        assert_eq!(look("$.items[1]"), Some(json!(8)));
        assert_eq!(look("$$.Execution.Name"), Some(json!("sales-0-1")));
        assert_eq!(look("$$.Execution.Input.run"), Some(json!("r")));
        assert_eq!(look("$.load.nothing"), None);
        assert_eq!(look("$.items[2]"), None);
    }

    #[test]
    fn other_jsonpath_is_refused() {
        let others = [
            "load",
            "$.",
            "$..step",
            "$.items[*]",
            "$.items[-1]",
            "$.items[0:1]",
            "$.items[?(@>1)]",
            "$.items[",
            "$[]",
            "$['']",
            "$$",
            "$$.Execution",
            "$$.Execution.RoleArn",
            "$$.Task.Token",
            "$$.Map.Item",
            "$.a b",
            "$.items[+1]",
        ];
        for path in others {
            assert_eq!(Path::parse(path), Err(format!("path `{path}`")));
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_a_runtime_error() {
        let (input, context) = (json!({}), json!({}));
        let failure = Path::parse("$.run").unwrap().find(Scope { input: &input, context: &context }).unwrap_err();
        assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
        assert!(failure.cause.unwrap().contains("'$.run'"));
    }

    #[test]
    fn a_result_goes_where_its_path_says() {
        let place = |path: Value| serde_json::from_value::<Placement>(path).unwrap();
        let input = json!({"a": 1});
        assert_eq!(place(json!("$")).place(input.clone(), json!(2)).unwrap(), json!(2));
        assert_eq!(place(json!("$.b.c")).place(input.clone(), json!(2)).unwrap(), json!({"a": 1, "b": {"c": 2}}));
        assert_eq!(place(json!("$.a")).place(input.clone(), json!(2)).unwrap(), json!({"a": 2}));
        assert_eq!(place(Value::Null).place(input.clone(), json!(2)).unwrap(), input);
        let failure = place(json!("$.a.b")).place(input, json!(2)).unwrap_err();
        assert_eq!(failure.error.as_deref(), Some("States.ResultPathMatchFailure"));
    }

    #[test]
    fn a_result_path_has_names_only() {
        for path in ["$.items[0]", "$$.State.Name"] {
            let error = serde_json::from_value::<Placement>(json!(path)).unwrap_err().to_string();
            assert_eq!(error, format!("path `{path}` as a ResultPath"));
        }
    }

    #[test]
    fn a_null_selection_is_an_empty_object() {
        let (input, context) = (json!({"a": 1}), json!({}));
        let select = |field: Value| {
            serde_json::from_value::<Selection>(field).unwrap().select(Scope { input: &input, context: &context })
        };
        assert_eq!(select(Value::Null).unwrap(), json!({}));
        assert_eq!(select(json!("$.a")).unwrap(), json!(1));
    }
}
