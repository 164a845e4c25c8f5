//! Names of columns, from what files call them.

use indexmap::IndexMap;
use model::dataset::Column;
use model::name::{BadName, Identifier};

/// Redshift's names have 127 bytes; room for a number behind one that is taken.
const MOST: usize = 120;

/// A name like the source's that no column has yet: lower case, what is no letter of a-z, digit or _ as _, not reserved.
pub fn free(source: &str, taken: &IndexMap<Identifier, Column>) -> Result<Identifier, BadName> {
    let mut name = String::new();
    for c in source.trim().to_lowercase().chars() {
        let kept = if c.is_ascii_alphanumeric() { c } else { '_' };
        if !(kept == '_' && name.ends_with('_')) && name.len() < MOST {
            name.push(kept);
        }
    }
    let name = name.trim_matches('_');
    let name = match name.chars().next() {
        None => "column".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("c_{name}"),
        Some(_) => name.to_owned(),
    };
    let is_free = |name: &Identifier| !name.is_reserved() && !taken.contains_key(name);
    let first = Identifier::parse(&name)?;
    if is_free(&first) {
        return Ok(first);
    }
    let mut number = 2u32;
    loop {
        let next = Identifier::parse(&format!("{name}_{number}"))?;
        if is_free(&next) {
            return Ok(next);
        }
        number += 1;
    }
}
