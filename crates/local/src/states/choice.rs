//! The rules of a Choice state.
//!
//! To add a comparison: one variant of [`Comparison`], one arm in [`Comparison::holds`].

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::failure::Failure;
use super::path::{Path, Scope};

/// One rule: a test and where to go when it holds.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Rule {
    test: Test,
    /// The state that follows.
    pub next: String,
}

/// What a rule asks.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Compare(Path, Comparison),
}

/// A comparison of the value that `Variable` finds. A value of another type is no match, as on AWS.
#[derive(Debug, Deserialize)]
enum Comparison {
    StringEquals(String),
    StringLessThan(String),
    StringLessThanEquals(String),
    StringGreaterThan(String),
    StringGreaterThanEquals(String),
    NumericEquals(Number),
    NumericLessThan(Number),
    NumericLessThanEquals(Number),
    NumericGreaterThan(Number),
    NumericGreaterThanEquals(Number),
    BooleanEquals(bool),
    IsPresent(bool),
    IsNull(bool),
    IsString(bool),
    IsNumeric(bool),
    IsBoolean(bool),
}

impl TryFrom<Map<String, Value>> for Rule {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        members.remove("Comment");
        let Some(Value::String(next)) = members.remove("Next") else {
            return Err("a rule of a Choice without `Next`".to_owned());
        };
        Ok(Self { test: Test::try_from(members)?, next })
    }
}

impl TryFrom<Map<String, Value>> for Test {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        let variable = members.remove("Variable");
        let operators: Vec<String> = members.keys().cloned().collect();
        let [operator] = operators.as_slice() else {
            return Err(format!("a rule of a Choice with {} operators: {}", operators.len(), operators.join(", ")));
        };
        if let Some(variable) = variable {
            let path = read(variable)?;
            return Ok(Self::Compare(path, read(Value::Object(members))?));
        }
        let operand = members.remove(operator).unwrap_or_default();
        match operator.as_str() {
            "And" => some(read(operand)?, operator).map(Self::All),
            "Or" => some(read(operand)?, operator).map(Self::Any),
            "Not" => read(operand).map(Box::new).map(Self::Not),
            other => Err(format!("`{other}` without `Variable`")),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn some(tests: Vec<Test>, operator: &str) -> Result<Vec<Test>, String> {
    if tests.is_empty() { Err(format!("`{operator}` of nothing")) } else { Ok(tests) }
}

impl Rule {
    /// Whether the rule's test holds. A `Variable` that leads nowhere is `States.Runtime`, unless presence is asked.
    pub fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        self.test.holds(scope)
    }
}

impl Test {
    fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        match self {
            Self::All(tests) => {
                for test in tests {
                    if !test.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(tests) => {
                for test in tests {
                    if test.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(test) => test.holds(scope).map(|holds| !holds),
            Self::Compare(variable, Comparison::IsPresent(expected)) => Ok(variable.look(scope).is_some() == *expected),
            Self::Compare(variable, comparison) => variable.find(scope).map(|value| comparison.holds(value)),
        }
    }
}

impl Comparison {
    fn holds(&self, value: &Value) -> bool {
        let text = |expected: &String| value.as_str().map(|value| value.cmp(expected.as_str()));
        let number = |expected: &Number| value.as_f64().zip(expected.as_f64()).and_then(|(a, b)| a.partial_cmp(&b));
        match self {
            Self::StringEquals(expected) => text(expected).is_some_and(Ordering::is_eq),
            Self::StringLessThan(expected) => text(expected).is_some_and(Ordering::is_lt),
            Self::StringLessThanEquals(expected) => text(expected).is_some_and(Ordering::is_le),
            Self::StringGreaterThan(expected) => text(expected).is_some_and(Ordering::is_gt),
            Self::StringGreaterThanEquals(expected) => text(expected).is_some_and(Ordering::is_ge),
            Self::NumericEquals(expected) => number(expected).is_some_and(Ordering::is_eq),
            Self::NumericLessThan(expected) => number(expected).is_some_and(Ordering::is_lt),
            Self::NumericLessThanEquals(expected) => number(expected).is_some_and(Ordering::is_le),
            Self::NumericGreaterThan(expected) => number(expected).is_some_and(Ordering::is_gt),
            Self::NumericGreaterThanEquals(expected) => number(expected).is_some_and(Ordering::is_ge),
            Self::BooleanEquals(expected) => value.as_bool() == Some(*expected),
            // The value was found, so it is there; `Test::holds` answers the question for one that is not.
            Self::IsPresent(expected) => *expected,
            Self::IsNull(expected) => value.is_null() == *expected,
            Self::IsString(expected) => value.is_string() == *expected,
            Self::IsNumeric(expected) => value.is_number() == *expected,
            Self::IsBoolean(expected) => value.is_boolean() == *expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(mut rule: Value) -> Result<bool, Failure> {
        rule["Next"] = json!("Next");
        let rule: Rule = serde_json::from_value(rule).unwrap();
        let (input, context) = (json!({"s": "b", "n": 2, "t": true, "null": null}), json!({}));
        rule.holds(Scope { input: &input, context: &context })
    }

    #[test]
    fn every_comparison_holds_and_fails() {
        let comparisons = [
            ("$.s", "StringEquals", json!("b"), json!("a")),
            ("$.s", "StringLessThan", json!("c"), json!("b")),
            ("$.s", "StringLessThanEquals", json!("b"), json!("a")),
            ("$.s", "StringGreaterThan", json!("a"), json!("b")),
            ("$.s", "StringGreaterThanEquals", json!("b"), json!("c")),
            ("$.n", "NumericEquals", json!(2.0), json!(3)),
            ("$.n", "NumericLessThan", json!(2.5), json!(2)),
            ("$.n", "NumericLessThanEquals", json!(2), json!(1)),
            ("$.n", "NumericGreaterThan", json!(1), json!(2)),
            ("$.n", "NumericGreaterThanEquals", json!(2), json!(3)),
            ("$.t", "BooleanEquals", json!(true), json!(false)),
            ("$.s", "IsPresent", json!(true), json!(false)),
            ("$.none", "IsPresent", json!(false), json!(true)),
            ("$.null", "IsNull", json!(true), json!(false)),
            ("$.s", "IsString", json!(true), json!(false)),
            ("$.n", "IsNumeric", json!(true), json!(false)),
            ("$.t", "IsBoolean", json!(true), json!(false)),
        ];
        for (variable, operator, yes, no) in comparisons {
            assert_eq!(holds(json!({"Variable": variable, operator: yes})), Ok(true), "{operator}");
            assert_eq!(holds(json!({"Variable": variable, operator: no})), Ok(false), "{operator}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_no_match() {
        assert_eq!(holds(json!({"Variable": "$.n", "StringEquals": "2"})), Ok(false));
        assert_eq!(holds(json!({"Variable": "$.s", "NumericEquals": 2})), Ok(false));
    }

    #[test]
    fn tests_combine() {
        let (yes, no) =
            (json!({"Variable": "$.n", "NumericEquals": 2}), json!({"Variable": "$.n", "NumericEquals": 3}));
        assert_eq!(holds(json!({"And": [yes, yes]})), Ok(true));
        assert_eq!(holds(json!({"And": [yes, no]})), Ok(false));
        assert_eq!(holds(json!({"Or": [no, yes]})), Ok(true));
        assert_eq!(holds(json!({"Or": [no, no]})), Ok(false));
        assert_eq!(holds(json!({"Not": no})), Ok(true));
    }

    #[test]
    fn presence_is_asked_before_the_value() {
        let guarded =
            json!({"And": [{"Variable": "$.none", "IsPresent": true}, {"Variable": "$.none", "IsNull": true}]});
        assert_eq!(holds(guarded), Ok(false));
        let failure = holds(json!({"Variable": "$.none", "IsNull": true})).unwrap_err();
        assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
    }

    #[test]
    fn what_is_not_known_is_refused_when_read() {
        let refusals = [
            (json!({"Variable": "$.s", "StringMatches": "*", "Next": "A"}), "unknown variant `StringMatches`"),
            (json!({"Variable": "$.s", "Next": "A"}), "with 0 operators"),
            (
                json!({"Variable": "$.s", "IsNull": true, "IsString": true, "Next": "A"}),
                "2 operators: IsNull, IsString",
            ),
            (json!({"Variable": "$.s", "IsNull": true}), "without `Next`"),
            (json!({"IsNull": true, "Next": "A"}), "`IsNull` without `Variable`"),
            (json!({"And": [], "Next": "A"}), "`And` of nothing"),
            (json!({"And": [{"Variable": "$.s", "IsNull": true, "Next": "B"}], "Next": "A"}), "2 operators"),
        ];
        for (rule, why) in refusals {
            let error = serde_json::from_value::<Rule>(rule).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
