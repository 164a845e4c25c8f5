//! Step four: the ledger is read.

use model::Result;
use model::group::Member;

use super::Names;
use super::quote::{identifier, literal};
use crate::ledger;

/// The rows of the batches' runs, oldest first. Their columns are those of [`ledger::Entry`].
pub fn statement(names: &Names, members: &[Member]) -> Result<String> {
    let columns: Vec<String> = ledger::Entry::COLUMNS.iter().map(|name| identifier(name)).collect();
    let batches = members.iter().map(|member| literal(member.batch.as_str())).collect::<Result<Vec<_>>>()?;
    Ok(format!(
        "SELECT {}\nFROM {}\nWHERE \"batch\" IN ({})\nORDER BY \"published_at\"",
        columns.join(", "),
        names.ledger,
        batches.join(", ")
    ))
}
