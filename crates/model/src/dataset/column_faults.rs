//! What is wrong with one column: options that its type has no use for, and options that contradict each other.

use super::column::{Column, Mask, has_zone, is_exact, is_number, is_temporal, is_text, text_bytes};
use crate::name::Identifier;
use crate::types::Type;

/// The hex digits of a SHA-256.
const HASH_BYTES: u16 = 64;

/// Every fault of a column by itself.
pub(super) fn faults(name: &Identifier, column: &Column) -> Vec<String> {
    let mut faults = Vec::new();
    if name.is_reserved() {
        faults.push("names in _sluice_ and sluice_run are Sluice's own".to_owned());
    }
    faults.extend(misplaced(column));
    faults.extend(mask_fault(column));
    faults.extend(mark_faults(column));
    faults.extend(word_faults(column));
    if column.range.as_ref().is_some_and(|range| range.min.is_none() && range.max.is_none()) {
        faults.push("`range` has a min, a max or both".to_owned());
    }
    if column.replace.iter().any(|replace| replace.pattern.is_empty()) {
        faults.push("`replace` has a pattern that is empty".to_owned());
    }
    faults.into_iter().map(|what| format!("column `{name}`: {what}")).collect()
}

/// Options that are for other types.
fn misplaced(column: &Column) -> impl Iterator<Item = String> {
    let kind = column.kind;
    [
        ("formats", !column.formats.is_empty(), is_temporal(kind), "dates and times"),
        ("zone", column.zone.is_some(), has_zone(kind), "timestamps"),
        ("decimal_mark", column.decimal_mark.is_some(), is_number(kind), "numbers"),
        ("thousands", column.thousands.is_some(), is_number(kind), "numbers"),
        ("true_words", !column.true_words.is_empty(), kind == Type::Boolean, "boolean"),
        ("false_words", !column.false_words.is_empty(), kind == Type::Boolean, "boolean"),
        ("round", column.round.is_some(), is_exact(kind), "decimals and whole numbers"),
        ("truncate", column.truncate, is_text(kind), "char and varchar"),
        ("range", column.range.is_some(), is_number(kind) || is_temporal(kind), "numbers, dates and times"),
    ]
    .into_iter()
    .filter(|(_, is_given, fits, _)| *is_given && !fits)
    .map(move |(option, _, _, place)| format!("`{option}` is for {place}, not {kind}"))
}

fn mask_fault(column: &Column) -> Option<String> {
    let kind = column.kind;
    match (column.mask?, text_bytes(kind)) {
        (Mask::Drop, _) | (Mask::Redact | Mask::Last4, Some(_)) => None,
        (Mask::Sha256, Some(bytes)) if bytes >= HASH_BYTES => None,
        (Mask::Sha256, _) => {
            Some(format!("`mask: sha256` makes {HASH_BYTES} characters: write varchar({HASH_BYTES}), not {kind}"))
        }
        (mask, None) => Some(format!("`mask: {}` is for char and varchar, not {kind}", mask.name())),
    }
}

/// A mark must be no part of a number, and the two must differ.
fn mark_faults(column: &Column) -> Vec<String> {
    let is_mark = |mark: char| !mark.is_alphanumeric() && !matches!(mark, '+' | '-' | '\n' | '\r');
    let marks = [("decimal_mark", column.decimal_mark), ("thousands", column.thousands)];
    let mut faults: Vec<String> = marks
        .into_iter()
        .filter(|(_, mark)| mark.is_some_and(|mark| !is_mark(mark)))
        .map(|(name, _)| format!("`{name}` is a character that is no letter, digit, sign or line end"))
        .collect();
    let decimal_mark = column.decimal_mark.unwrap_or('.');
    if column.thousands == Some(decimal_mark) {
        faults.push(format!("`thousands` and `decimal_mark` are both `{decimal_mark}`"));
    }
    faults
}

/// A word cannot mean both. Words are compared without regard to case.
fn word_faults(column: &Column) -> Vec<String> {
    let falses: Vec<String> = column.false_words.iter().map(|word| word.to_lowercase()).collect();
    let both = column.true_words.iter().filter(|word| falses.contains(&word.to_lowercase()));
    both.map(|word| format!("`{word}` is one of `true_words` and of `false_words`")).collect()
}
