//! Payload templates: JSON in which a member whose name ends in `.$` is computed.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::intrinsic::Call;
use super::path::{Path, Scope};

/// What a computed member says: a path or a call.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Expression {
    /// `$.x`, `$$.Execution.Name`.
    Path(Path),
    /// `States.Format('…')`.
    Call(Call),
}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with("States.") {
            Call::parse(&text).map(Self::Call)
        } else {
            Path::parse(&text).map(Self::Path)
        }
    }
}

impl Expression {
    /// The value.
    pub fn evaluate(&self, scope: Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Path(path) => path.find(scope).cloned(),
            Self::Call(call) => call.evaluate(scope),
        }
    }
}

/// `Parameters`, `ItemSelector`, `ResultSelector`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub enum Template {
    /// A value that stands for itself.
    Literal(Value),
    /// The value of a member whose name ended in `.$`.
    Computed(Expression),
    /// An object; names without their `.$`.
    Object(Vec<(String, Template)>),
    /// An array; objects in it may have computed members.
    Array(Vec<Template>),
}

impl TryFrom<Value> for Template {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Self::object(members),
            Value::Array(values) => values.into_iter().map(Self::try_from).collect::<Result<_, _>>().map(Self::Array),
            other => Ok(Self::Literal(other)),
        }
    }
}

impl Template {
    fn object(members: Map<String, Value>) -> Result<Self, String> {
        let mut object: Vec<(String, Self)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let (name, template) = match (name.strip_suffix(".$"), value) {
                (Some(name), Value::String(text)) => {
                    let expression = Expression::try_from(text).map_err(|why| format!("{name}.$: {why}"))?;
                    (name.to_owned(), Self::Computed(expression))
                }
                (Some(name), other) => return Err(format!("{name}.$: `{other}`, which is neither a path nor a call")),
                (None, value) => {
                    let template = Self::try_from(value).map_err(|why| format!("{name}: {why}"))?;
                    (name, template)
                }
            };
            if object.iter().any(|(known, _)| *known == name) {
                return Err(format!("`{name}` and `{name}.$` together"));
            }
            object.push((name, template));
        }
        Ok(Self::Object(object))
    }

    /// The JSON that the template makes.
    pub fn evaluate(&self, scope: Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Computed(expression) => expression.evaluate(scope),
            Self::Array(templates) => templates.iter().map(|template| template.evaluate(scope)).collect(),
            Self::Object(members) => {
                let members = members.iter().map(|(name, template)| Ok((name.clone(), template.evaluate(scope)?)));
                members.collect::<Result<_, _>>().map(Value::Object)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn computed_members_are_filled_at_any_depth() {
        let template = json!({
            "run.$": "$.run", "deep": {"name.$": "$$.State.Name", "list": [{"n.$": "States.ArrayLength($.items)"}, "$.run"]}
        });
        let template = Template::try_from(template).unwrap();
        let (input, context) = (json!({"run": "r", "items": [1, 2]}), json!({"State": {"Name": "Begin"}}));
        assert_eq!(
            template.evaluate(Scope { input: &input, context: &context }).unwrap(),
            json!({"run": "r", "deep": {"name": "Begin", "list": [{"n": 2}, "$.run"]}})
        );
    }

    #[test]
    fn a_member_that_cannot_be_computed_is_named() {
        let refusals = [
            (json!({"a.$": 1}), "a.$: `1`, which is neither a path nor a call"),
            (json!({"a.$": "run"}), "a.$: path `run`"),
            (json!({"a": {"b.$": "States.UUID()"}}), "a: b.$: function `States.UUID`"),
            (json!({"a.$": "$.x", "a": 1}), "`a` and `a.$` together"),
        ];
        for (template, why) in refusals {
            assert_eq!(Template::try_from(template).unwrap_err(), why);
        }
    }
}
