//! Rules that turn text into text, before it is typed.
//!
//! To add one: a file here, its word in [`RULES`], and a variant of `model::dataset::TextRule`, which is the word a user
//! writes. The tests below hold every rule to the laws: its name is known, and twice is once.

mod lower;
mod trim;
mod upper;

use std::fmt::Debug;

use model::dataset::TextRule;
use model::{Error, Kind, Result};

/// One rule.
pub trait Rule: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// The text as the rule leaves it: a part of it where that is all, else what the rule writes into the buffer. What
    /// the buffer held is of no use to anyone.
    fn apply<'a>(&self, text: &'a str, buffer: &'a mut String) -> &'a str;
}

/// Every rule.
pub static RULES: &[&dyn Rule] = &[&trim::Trim, &lower::Lower, &upper::Upper];

/// The rule of a word.
pub fn find(rule: TextRule) -> Result<&'static dyn Rule> {
    let found = RULES.iter().find(|candidate| candidate.name() == rule.name());
    found.copied().ok_or_else(|| {
        Error::new(Kind::Config, "apply", format!("rule {}", rule.name())).because("it is not supported yet")
    })
}

/// The text after all rules, in order. One buffer for each rule, so that nothing is allocated for a field.
pub(crate) fn clean<'a>(rules: &[&'static dyn Rule], text: &'a str, buffers: &'a mut [String]) -> &'a str {
    match (rules.split_first(), buffers.split_first_mut()) {
        (Some((rule, rules)), Some((buffer, buffers))) => clean(rules, rule.apply(text, buffer), buffers),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(rules: &[&'static dyn Rule], text: &str) -> String {
        clean(rules, text, &mut vec!["left over".to_owned(); rules.len()]).to_owned()
    }

    #[test]
    fn rules_are_those_a_user_may_write() {
        let names: Vec<_> = TextRule::ALL.iter().map(|rule| rule.name()).collect();
        for rule in RULES {
            assert!(names.contains(&rule.name()), "{} is in no dataset file", rule.name());
        }
    }

    #[test]
    fn rules_are_applied_in_order() {
        let rules = [TextRule::Trim, TextRule::Upper, TextRule::Lower].map(|rule| find(rule).unwrap());
        assert_eq!(apply(&rules, "  Straße ÀB\u{a0}"), "strasse àb");
        assert_eq!(apply(&[], " a "), " a ");
    }

    proptest! {
        #[test]
        fn a_rule_twice_is_the_rule_once(text in "\\PC*") {
            for rule in RULES {
                let once = apply(&[*rule], &text);
                prop_assert_eq!(apply(&[*rule], &once), once, "{}", rule.name());
            }
        }
    }
}
