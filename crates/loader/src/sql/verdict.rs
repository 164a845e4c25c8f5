//! Step four: the ledger is read.

use super::Names;
use super::quote::identifier;
use crate::ledger;

/// The rows of the batch's runs, oldest first. Their columns are those of [`ledger::Entry`].
pub fn statement(names: &Names) -> String {
    let columns: Vec<String> = ledger::Entry::COLUMNS.iter().map(|name| identifier(name)).collect();
    format!(
        "SELECT {}\nFROM {}\nWHERE \"batch\" = {}\nORDER BY \"published_at\"",
        columns.join(", "),
        names.ledger,
        names.batch
    )
}
