//! The statements that a person runs where the loader changes nothing: they take columns away, or write every row anew.

use indexmap::IndexMap;
use model::dataset::{Column, LoadTarget};
use model::name::{Identifier, TableName};
use model::types::Type;

use super::Difference;
use crate::sql::OWN_COLUMNS;
use crate::sql::prepare::target_definition;
use crate::sql::quote::{identifier, table};

/// What is put behind a name while the other one is taken.
const NEW: &str = "sluice_new";
const OLD: &str = "sluice_old";

/// The statements that make a table what a dataset needs, in order, as far as there are any; and what to mind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByHand {
    /// The statements.
    pub statements: Vec<String>,
    /// What they may do that is not meant.
    pub mind: Option<&'static str>,
}

/// The statements that mend these differences.
pub fn statements(
    target: &LoadTarget,
    columns: &IndexMap<Identifier, Column>,
    differences: &[Difference<'_>],
) -> ByHand {
    let name = &target.table;
    // Neither a key of distribution nor one of sorting is dropped: the table is made anew then.
    let is_key = |column: &str| target.dist_key.iter().chain(&target.sort_key).any(|key| key.as_str() == column);
    let mut by_hand = ByHand::default();
    let mut casts = Vec::new();
    let mut makes_anew = false;
    for difference in differences {
        let column = difference.column;
        if let Some(change) = difference.change() {
            by_hand.statements.push(change.statement(name));
            continue;
        }
        match (difference.needed, difference.there.map(|there| there.kind)) {
            (None, _) => {
                makes_anew |= is_key(column);
                by_hand.statements.push(format!("ALTER TABLE {} DROP COLUMN {}", table(name), identifier(column)));
            }
            (Some(needed), Some(Some(there))) => {
                let Some(cast) = cast(there, needed, &identifier(column)) else { return set_aside(name) };
                if !keeps_all(there, needed) {
                    by_hand.mind = Some("which fails, rounds or cuts where a value does not fit");
                }
                makes_anew |= is_key(column);
                by_hand.statements.extend(retype(name, column, needed, &cast));
                casts.push((column, cast));
            }
            // A type that datasets do not have; or rows without a batch and a run, which nothing makes Sluice's.
            _ => return set_aside(name),
        }
    }
    if makes_anew {
        by_hand.statements = anew(target, columns, differences, &casts);
    }
    by_hand
}

/// A column of another type takes the place of the one that is there.
fn retype(name: &TableName, column: &str, needed: Type, cast: &str) -> Vec<String> {
    let (quoted, alter) = (identifier(column), format!("ALTER TABLE {}", table(name)));
    let new = identifier(&with_ending(column, NEW));
    vec![
        format!("{alter} ADD COLUMN {new} {}", needed.row().redshift),
        format!("UPDATE {} SET {new} = {cast}", table(name)),
        format!("{alter} DROP COLUMN {quoted}"),
        format!("{alter} RENAME COLUMN {new} TO {quoted}"),
    ]
}

/// Creates the table under another name, fills it from the one that is there, and changes their names.
fn anew(
    target: &LoadTarget,
    columns: &IndexMap<Identifier, Column>,
    differences: &[Difference<'_>],
    casts: &[(&str, String)],
) -> Vec<String> {
    let name = &target.table;
    let other = |ending| with_ending(name.table().as_str(), ending);
    let new = format!("{}.{}", identifier(name.schema().as_str()), identifier(&other(NEW)));
    let is_added =
        |column: &str| differences.iter().any(|difference| difference.column == column && difference.there.is_none());
    let own = OWN_COLUMNS.iter().map(|(own, _)| *own);
    let kept: Vec<&str> =
        own.chain(columns.keys().map(Identifier::as_str)).filter(|column| !is_added(column)).collect();
    let value = |column: &str| {
        let cast = casts.iter().find(|(of, _)| *of == column);
        cast.map_or_else(|| identifier(column), |(_, cast)| cast.clone())
    };
    let list = |of: &dyn Fn(&str) -> String| kept.iter().map(|column| of(column)).collect::<Vec<_>>().join(", ");
    let definition = target_definition(columns, target).replace("\n    ", " ").replace('\n', " ");
    vec![
        format!("CREATE TABLE {new} {definition}"),
        format!("INSERT INTO {new} ({}) SELECT {} FROM {}", list(&identifier), list(&value), table(name)),
        format!("ALTER TABLE {} RENAME TO {}", table(name), identifier(&other(OLD))),
        format!("ALTER TABLE {new} RENAME TO {}", identifier(name.table().as_str())),
    ]
}

/// The table goes out of the way: the next load creates it anew, and its batches are delivered again.
fn set_aside(name: &TableName) -> ByHand {
    let old = identifier(&with_ending(name.table().as_str(), OLD));
    ByHand {
        statements: vec![format!("ALTER TABLE {} RENAME TO {old}", table(name))],
        mind: Some("after which the next load creates it anew, and its batches are to be delivered again"),
    }
}

/// A name with an ending, within the length that a name may have.
fn with_ending(name: &str, ending: &str) -> String {
    const MAX_BYTES: usize = 127;
    let room = MAX_BYTES - ending.len() - 1;
    let end = (0..=name.len().min(room)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}_{ending}", name.get(..end).unwrap_or_default())
}

/// What makes a value of one type of that of another; `None` where Redshift has nothing that is known to.
fn cast(there: Type, needed: Type, column: &str) -> Option<String> {
    let is_text = |kind: Type| kind.is_text();
    let plain = || Some(format!("CAST({column} AS {})", needed.row().redshift));
    match (there, needed) {
        (Type::Varbyte(_), Type::Varbyte(_)) => plain(),
        (Type::Varbyte(_), _) | (_, Type::Varbyte(_)) => None,
        (Type::Super, needed) if is_text(needed) => {
            Some(format!("CAST(JSON_SERIALIZE({column}) AS {})", needed.row().redshift))
        }
        (there, Type::Super) if is_text(there) => Some(format!("JSON_PARSE({column})")),
        (Type::Super, _) | (_, Type::Super) => None,
        (Type::Timestamptz, Type::Timestamp | Type::Date) | (Type::Timestamp, Type::Timestamptz) => {
            let in_utc = format!("{column} AT TIME ZONE 'UTC'");
            Some(if needed == Type::Date { format!("CAST({in_utc} AS date)") } else { in_utc })
        }
        (there, needed) if is_text(there) || is_text(needed) => plain(),
        (there, needed) if there.is_number() && needed.is_number() => plain(),
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => plain(),
        _ => None,
    }
}

/// Whether every value of one type is one of the other.
fn keeps_all(there: Type, needed: Type) -> bool {
    use Type::{Bigint, Char, Date, Decimal, Double, Integer, Real, Smallint, Super, Timestamp, Timestamptz, Varchar};
    let digits = |kind| match kind {
        Smallint => Some((5, 0)),
        Integer => Some((10, 0)),
        Bigint => Some((19, 0)),
        Decimal { precision, scale } => Some((precision - scale, scale)),
        _ => None,
    };
    match (there, needed) {
        (Smallint, Integer | Bigint) | (Integer, Bigint) | (Real, Double) | (Date, Timestamp) => true,
        (Timestamp, Timestamptz) | (Timestamptz, Timestamp) => true,
        (there, Decimal { precision, scale }) => {
            digits(there).is_some_and(|(whole, behind)| whole <= precision - scale && behind <= scale)
        }
        (Char(there) | Varchar(there), Char(needed) | Varchar(needed)) => there <= needed,
        // The longest text of any of them is a moment's, or that of a double.
        (there, Varchar(needed)) => there != Super && needed >= 64,
        (Type::Varbyte(there), Type::Varbyte(needed)) => there <= needed,
        _ => false,
    }
}
