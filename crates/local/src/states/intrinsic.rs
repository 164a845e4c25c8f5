//! Intrinsic functions: `States.Format('…{}', $.x)` and the others of [`FUNCTIONS`].
//!
//! To add one: write its function, add one line to [`FUNCTIONS`].

use serde_json::{Value, json};

use super::failure::Failure;
use super::path::{Path, Scope};

/// One intrinsic function.
struct Function {
    name: &'static str,
    /// How many arguments it takes, at least and at most.
    arity: (usize, usize),
    apply: fn(&[Value]) -> Result<Value, String>,
}

static FUNCTIONS: &[Function] = &[
    Function { name: "States.ArrayGetItem", arity: (2, 2), apply: array_get_item },
    Function { name: "States.ArrayLength", arity: (1, 1), apply: array_length },
    Function { name: FORMAT, arity: (1, usize::MAX), apply: format_text },
    Function { name: "States.JsonToString", arity: (1, 1), apply: json_to_string },
    Function { name: "States.StringSplit", arity: (2, 2), apply: string_split },
    Function { name: "States.StringToJson", arity: (1, 1), apply: string_to_json },
];

/// The one function whose first argument is not a value but a template: `\{` and `\}` are told apart from `{}` in it.
const FORMAT: &str = "States.Format";

/// A call with its arguments, checked when the definition is read.
pub struct Call {
    function: &'static Function,
    arguments: Vec<Argument>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(self.function.name).field(&self.arguments).finish()
    }
}

#[derive(Debug)]
enum Argument {
    Literal(Value),
    Path(Path),
    Call(Call),
}

impl Call {
    /// Reads one call; nothing may follow it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (call, rest) = Self::first(text)?;
        if rest.trim().is_empty() { Ok(call) } else { Err(format!("`{rest}` behind a call, in `{text}`")) }
    }

    /// Reads the call that the text begins with; answers what follows it too.
    fn first(text: &str) -> Result<(Self, &str), String> {
        let (name, mut rest) = text.split_once('(').ok_or_else(|| format!("`{text}` where a call is expected"))?;
        let function = FUNCTIONS
            .iter()
            .find(|function| function.name == name.trim())
            .ok_or_else(|| format!("function `{}`", name.trim()))?;
        let mut arguments = Vec::new();
        if let Some(rest) = rest.trim_start().strip_prefix(')') {
            return Self::checked(function, arguments).map(|call| (call, rest));
        }
        loop {
            let (argument, after) = Argument::first(rest.trim_start())?;
            arguments.push(argument);
            let after = after.trim_start();
            if let Some(after) = after.strip_prefix(')') {
                return Self::checked(function, arguments).map(|call| (call, after));
            }
            rest = after.strip_prefix(',').ok_or_else(|| format!("`{after}` where `,` or `)` is expected"))?;
        }
    }

    fn checked(function: &'static Function, arguments: Vec<Argument>) -> Result<Self, String> {
        let (least, most) = function.arity;
        if !(least..=most).contains(&arguments.len()) {
            return Err(format!("function `{}` with {} arguments", function.name, arguments.len()));
        }
        for (index, argument) in arguments.iter().enumerate() {
            let is_template = function.name == FORMAT && index == 0;
            match argument {
                Argument::Literal(Value::String(text)) if is_template => check_template(text, arguments.len() - 1)?,
                _ if is_template => return Err(format!("`{FORMAT}` whose template is not written out")),
                Argument::Literal(Value::String(text)) if text.contains('\\') => {
                    return Err(format!("`\\{{` or `\\}}` outside the template of `{FORMAT}`: `{text}`"));
                }
                _ => {}
            }
        }
        Ok(Self { function, arguments })
    }

    /// Calls the function on what its arguments find. Wrong arguments are `States.IntrinsicFailure`.
    pub fn evaluate(&self, scope: Scope<'_>) -> Result<Value, Failure> {
        let arguments = self.arguments.iter().map(|argument| match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Path(path) => path.find(scope).cloned(),
            Argument::Call(call) => call.evaluate(scope),
        });
        (self.function.apply)(&arguments.collect::<Result<Vec<_>, _>>()?)
            .map_err(|why| Failure::new(Failure::INTRINSIC, format!("{}: {why}", self.function.name)))
    }
}

impl Argument {
    fn first(text: &str) -> Result<(Self, &str), String> {
        if let Some(rest) = text.strip_prefix('\'') {
            return quoted(rest).map(|(text, rest)| (Self::Literal(Value::String(text)), rest));
        }
        if text.starts_with("States.") {
            return Call::first(text).map(|(call, rest)| (Self::Call(call), rest));
        }
        let end = end_of_bare_argument(text);
        let (bare, rest) = text.split_at(end);
        let bare = bare.trim_end();
        if bare.starts_with('$') {
            return Path::parse(bare).map(|path| (Self::Path(path), rest));
        }
        match serde_json::from_str::<Value>(bare) {
            Ok(value @ (Value::Number(_) | Value::Null)) => Ok((Self::Literal(value), rest)),
            _ => Err(format!("argument `{bare}`")),
        }
    }
}

/// Where a path, a number or `null` ends: at a comma or a closing parenthesis outside `['…']`.
fn end_of_bare_argument(text: &str) -> usize {
    let mut in_quotes = false;
    text.find(|c: char| {
        in_quotes ^= c == '\'';
        !in_quotes && matches!(c, ',' | ')')
    })
    .unwrap_or(text.len())
}

/// The rest of a literal in single quotes. `\'` is a quote; `\{` and `\}` are left to [`FORMAT`]; no other escape.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut literal = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return Ok((literal, text.get(at + 1..).unwrap_or_default())),
            '\\' => match characters.next() {
                Some((_, '\'')) => literal.push('\''),
                Some((_, brace @ ('{' | '}'))) => literal.extend(['\\', brace]),
                other => return Err(format!("escape `\\{}`", other.map_or(String::new(), |(_, c)| c.to_string()))),
            },
            other => literal.push(other),
        }
    }
    Err(format!("a literal that is never closed: `'{text}`"))
}

/// One piece of a template.
enum Piece {
    Text(char),
    Hole,
}

/// The pieces of a template of [`FORMAT`].
fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut characters = template.chars();
    while let Some(character) = characters.next() {
        let piece = match character {
            '\\' => Piece::Text(characters.next().unwrap_or('\\')),
            '{' if characters.next() == Some('}') => Piece::Hole,
            '{' | '}' => return Err(format!("a brace without its other half, in `{template}`")),
            other => Piece::Text(other),
        };
        pieces.push(piece);
    }
    Ok(pieces)
}

fn check_template(template: &str, values: usize) -> Result<(), String> {
    let holes = pieces(template)?.iter().filter(|piece| matches!(piece, Piece::Hole)).count();
    if holes == values { Ok(()) } else { Err(format!("`{template}` with {holes} places for {values} values")) }
}

fn format_text(arguments: &[Value]) -> Result<Value, String> {
    let [Value::String(template), values @ ..] = arguments else { return Err("the template is no string".to_owned()) };
    let mut values = values.iter();
    let mut text = String::new();
    for piece in pieces(template)? {
        match piece {
            Piece::Text(character) => text.push(character),
            Piece::Hole => match values.next() {
                Some(Value::String(value)) => text.push_str(value),
                Some(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => text.push_str(&value.to_string()),
                Some(_) => return Err("an object or an array cannot be put into a text".to_owned()),
                None => return Err("a value is missing".to_owned()),
            },
        }
    }
    Ok(Value::String(text))
}

fn string_to_json(arguments: &[Value]) -> Result<Value, String> {
    let [Value::String(text)] = arguments else { return Err("the argument is no string".to_owned()) };
    serde_json::from_str(text).map_err(|error| format!("the string is no JSON: {error}"))
}

fn json_to_string(arguments: &[Value]) -> Result<Value, String> {
    let [value] = arguments else { return Err("one argument is expected".to_owned()) };
    Ok(Value::String(value.to_string()))
}

/// Every character of the second argument separates; empty parts are dropped, as AWS does.
fn string_split(arguments: &[Value]) -> Result<Value, String> {
    let [Value::String(text), Value::String(separators)] = arguments else {
        return Err("the arguments are no strings".to_owned());
    };
    Ok(text.split(|c| separators.contains(c)).filter(|part| !part.is_empty()).collect())
}

fn array_get_item(arguments: &[Value]) -> Result<Value, String> {
    let [Value::Array(array), Value::Number(index)] = arguments else {
        return Err("an array and an index are expected".to_owned());
    };
    let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
    index
        .and_then(|index| array.get(index))
        .cloned()
        .ok_or_else(|| format!("the index is outside the array of {}", array.len()))
}

fn array_length(arguments: &[Value]) -> Result<Value, String> {
    let [Value::Array(array)] = arguments else { return Err("the argument is no array".to_owned()) };
    Ok(json!(array.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(text: &str) -> Result<Value, Failure> {
        let input = json!({"a": "x", "list": [1, 2], "text": "{\"k\":3}", "odd key": "o", "o": {"b": true}});
        let context = json!({"Execution": {"Name": "sales-0a-12"}});
        Call::parse(text).unwrap().evaluate(Scope { input: &input, context: &context })
    }

    #[test]
    fn every_function_does_what_aws_says() {
        let check = |text: &str, expected: Value| assert_eq!(evaluate(text), Ok(expected), "{text}");
        check("States.Format('{}-{}', $.a, 2)", json!("x-2"));
        check("States.Format('it\\'s \\{{}\\}', null)", json!("it's {null}"));
        check("States.StringToJson($.text)", json!({"k": 3}));
        check("States.JsonToString($.o)", json!("{\"b\":true}"));
        check("States.StringSplit('a-b,,c', '-,')", json!(["a", "b", "c"]));
        check("States.ArrayGetItem($.list, 1)", json!(2));
        check("States.ArrayLength( $.list )", json!(2));
        check("States.Format('{}', $['odd key'])", json!("o"));
    }

    #[test]
    fn calls_nest() {
        let n = "States.StringToJson(States.ArrayGetItem(States.StringSplit($$.Execution.Name, '-'), 2))";
        assert_eq!(evaluate(n), Ok(json!(12)));
    }

    #[test]
    fn wrong_arguments_are_an_intrinsic_failure() {
        let calls = [
            "States.StringToJson('{')",
            "States.StringToJson($.list)",
            "States.StringSplit(1, '-')",
            "States.ArrayGetItem($.list, 2)",
            "States.ArrayGetItem($.list, -1)",
            "States.ArrayLength($.a)",
            "States.Format('{}', $.o)",
        ];
        for call in calls {
            assert_eq!(evaluate(call).unwrap_err().error.as_deref(), Some("States.IntrinsicFailure"), "{call}");
        }
        let missing = evaluate("States.ArrayLength($.missing)").unwrap_err();
        assert_eq!(missing.error.as_deref(), Some("States.Runtime"));
    }

    #[test]
    fn what_is_not_known_is_refused_when_read() {
        let refusals = [
            ("States.UUID()", "function `States.UUID`"),
            ("States.ArrayLength()", "function `States.ArrayLength` with 0 arguments"),
            ("States.ArrayLength($.a, $.b)", "function `States.ArrayLength` with 2 arguments"),
            ("States.ArrayLength($.a", "`` where `,` or `)` is expected"),
            ("States.ArrayLength($.a) x", "` x` behind a call, in `States.ArrayLength($.a) x`"),
            ("States.ArrayLength($.a[*])", "path `$.a[*]`"),
            ("States.ArrayLength(true)", "argument `true`"),
            ("States.JsonToString('a\\nb')", "escape `\\n`"),
            ("States.JsonToString('a)", "a literal that is never closed: `'a)`"),
            ("States.Format($.a)", "`States.Format` whose template is not written out"),
            ("States.Format('{} {}', 1)", "`{} {}` with 2 places for 1 values"),
            ("States.Format('{ }', 1)", "a brace without its other half, in `{ }`"),
            ("States.JsonToString('\\{')", "`\\{` or `\\}` outside the template of `States.Format`: `\\{`"),
        ];
        for (text, why) in refusals {
            assert_eq!(Call::parse(text).unwrap_err(), why);
        }
    }
}
