//! The list of rules: what the double knows of Redshift, where that is said, and which tests and cases hold it. RULES.md is
//! made from it (`UPDATE_EXPECT=1 cargo test -p warehouse rules` writes it).
//!
//! A new rule is an entry in the file of its facts file: what it says, its tests (functions of this crate), its cases
//! (`tests/tests/pipeline/redshift`, which run against a real workgroup too). Rules of what Sluice never uses have no
//! entry: the double refuses it by name.

mod api;
mod copy;
mod sql;

use std::collections::BTreeSet;
use std::path::Path;

/// One rule.
struct Rule {
    says: &'static str,
    /// Whether the facts file marks it as unverified, or the double's text for it is.
    is_unverified: bool,
    tests: &'static [&'static str],
    cases: &'static [&'static str],
}

const fn rule(says: &'static str, tests: &'static [&'static str]) -> Rule {
    Rule { says, is_unverified: false, tests, cases: &[] }
}

impl Rule {
    const fn cases(self, cases: &'static [&'static str]) -> Self {
        Self { cases, ..self }
    }

    const fn unverified(self) -> Self {
        Self { is_unverified: true, ..self }
    }
}

/// The rules of a section of a facts file.
struct Section {
    title: &'static str,
    rules: &'static [Rule],
}

const FACTS: &[(&str, &[Section])] = &[
    ("redshift-copy.md", copy::SECTIONS),
    ("redshift-sql.md", sql::SECTIONS),
    ("redshift-data-api.md", api::SECTIONS),
];

/// What the facts files say of statements that Sluice sends, and nothing here holds.
const NOT_HELD: &[&str] = &[
    "The width error 8001 of wide queries: which plans meet it is not documented.",
    "Users and rights: whoever calls may do everything; only statements and sessions have owners.",
    "Isolation weaker than serializable: two that overlap and write one table conflict where the second reads it, too.",
    "Serializable isolation of several tables: that one reads what the other writes, and the other way round, fails nobody.",
    "The limits on calls a second, the 24 hours of a query: `local` throttles when a test asks it to.",
    "NaN and infinity in a DOUBLE load as they are, which is unverified.",
];

fn rules() -> impl Iterator<Item = &'static Rule> {
    FACTS.iter().flat_map(|(_, sections)| sections.iter()).flat_map(|section| section.rules)
}

fn document() -> String {
    let mut text = String::from(
        "# The rules of the double\n\n\
         What this crate knows of Redshift and its Data API: each rule, the section of the facts file that says it, and \
         what holds it.\nTests are functions of this crate. Cases are those of `tests/tests/pipeline/redshift`; \
         `TEST_AWS=1` runs them against a real\nworkgroup, and so certifies the rules that name one. (U) marks rules that \
         are unverified, or whose text is. What no rule\nnames is refused with `not known to the double`.\n\n\
         This page is made from `src/tests/rules`: `UPDATE_EXPECT=1 cargo test -p warehouse rules` writes it.\n",
    );
    for (file, sections) in FACTS {
        text += &format!("\n## {file}\n\n| section | rule | tests | cases |\n|---|---|---|---|\n");
        for section in *sections {
            for rule in section.rules {
                let names =
                    |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                let (says, mark) = (rule.says, if rule.is_unverified { " (U)" } else { "" });
                text +=
                    &format!("| {} | {says}{mark} | {} | {} |\n", section.title, names(rule.tests), names(rule.cases));
            }
        }
    }
    text += "\n## Not held\n\n";
    text.extend(NOT_HELD.iter().map(|what| format!("- {what}\n")));
    text
}

/// The text of all Rust files below a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &std::fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn every_rule_is_held_by_tests_and_cases_that_exist() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = sources(&crate_folder.join("src"));
    let cases = sources(&crate_folder.join("../../tests/tests/pipeline/redshift"));
    for rule in rules() {
        assert!(!rule.tests.is_empty(), "no test holds: {}", rule.says);
        for name in rule.tests {
            let is_test = tests.match_indices(&format!("fn {name}()")).any(|(at, _)| {
                let before = tests[..at].trim_end_matches("async ").trim_end();
                before.ends_with("#[test]") || before.ends_with("#[tokio::test]")
            });
            assert!(is_test, "there is no test {name}, which is to hold: {}", rule.says);
        }
        for name in rule.cases {
            assert!(cases.contains(&format!("\"{name}\"")), "there is no case {name}, which is to hold: {}", rule.says);
        }
    }
}

#[test]
fn no_rule_is_said_twice() {
    let mut said = BTreeSet::new();
    for rule in rules() {
        assert!(said.insert(rule.says), "twice: {}", rule.says);
        assert!(!rule.says.contains('|'), "no table holds: {}", rule.says);
    }
}

#[test]
fn the_page_of_rules_is_what_the_list_makes() {
    expect_test::expect_file!["../../../RULES.md"].assert_eq(&document());
}
