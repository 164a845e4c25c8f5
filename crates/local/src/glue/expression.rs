//! The expression of GetPartitions: `dt = '2026-01-01' AND country = 'de'`.
//!
//! Equality of partition keys with literals, joined by AND. Everything else that AWS takes is refused.

use super::check::invalid;
use super::input::Column;
use crate::wire::ApiError;

/// The values that keys must have: the key's place among the partition keys, and the value's text.
#[derive(Debug, PartialEq, Eq)]
pub struct Expression(Vec<(usize, String)>);

impl Expression {
    /// Reads an expression over these keys. A key that is not there is the caller's mistake.
    pub fn parse(text: &str, keys: &[Column]) -> Result<Self, ApiError> {
        let unknown = || ApiError::not_known(format!("expression \"{text}\""));
        let tokens = tokens(text).ok_or_else(unknown)?;
        let equalities = tokens.split(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("and")));
        let equalities = equalities.map(|equality| {
            let [Token::Word(key), Token::Equals, Token::Literal(value)] = equality else { return Err(unknown()) };
            let place = keys.iter().position(|known| known.name.eq_ignore_ascii_case(key));
            let place = place.ok_or_else(|| invalid(format!("{key} in \"{text}\" is no partition key")))?;
            Ok((place, value.clone()))
        });
        equalities.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a partition has the values.
    pub fn holds(&self, values: &[String]) -> bool {
        self.0.iter().all(|(place, value)| values.get(*place) == Some(value))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Equals,
    Literal(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '=' => (Token::Equals, rest.get(1..)?),
            '\'' => {
                let (literal, after) = rest.get(1..)?.split_once('\'')?;
                // A doubled quote is a quote inside the literal; no key of ours has one.
                if after.starts_with('\'') {
                    return None;
                }
                (Token::Literal(literal.to_owned()), after)
            }
            _ => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
                let token = if is_number { Token::Literal(word.to_owned()) } else { Token::Word(word.to_owned()) };
                (!word.is_empty()).then_some((token, after))?
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Expression, ApiError> {
        let key = |name: &str| Column {
            name: name.to_owned(),
            r#type: "string".to_owned(),
            comment: None,
            parameters: Default::default(),
        };
        Expression::parse(text, &[key("dt"), key("country")])
    }

    #[test]
    fn equalities_joined_by_and_are_known() {
        let holds = |text: &str| parse(text).unwrap().holds(&["2026-01-01".to_owned(), "de".to_owned()]);
        assert!(holds("dt = '2026-01-01'"));
        assert!(holds("country='de' AND DT='2026-01-01'"));
        assert!(!holds("country='de' and dt='2026-01-02'"));
        assert!(!holds("dt = 20260101"));
    }

    #[test]
    fn other_expressions_are_refused() {
        let others = [
            "",
            "dt",
            "dt >= '2026'",
            "dt = '2026' or country = 'de'",
            "dt = 'a' and",
            "dt = 'it''s'",
            "dt = 'a",
            "dt in ('a')",
        ];
        for text in others {
            assert_eq!(parse(text).unwrap_err().code, "UnknownOperationException", "{text}");
        }
        assert_eq!(parse("region = 'eu'").unwrap_err().code, "InvalidInputException");
    }
}
