//! Step two: the files into a staging table of the run's own, counted before anyone can rely on it.

use indexmap::IndexMap;
use model::Result;
use model::dataset::Column;
use model::name::{Identifier, RunName, S3Url};

use super::quote::literal;
use super::{Names, column_definitions, drop_stage, stage_table, staged};
use crate::config::CopyRole;

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// The manifest that COPY reads.
    pub manifest: S3Url,
    /// The right to read it and what it names.
    pub role: &'a CopyRole,
    /// The rows that the files hold, by their footers.
    pub rows: u64,
}

/// The statements of `stage`. An earlier try's table goes first, so they may be run again.
pub fn statements(
    run: &RunName,
    names: &Names,
    columns: &IndexMap<Identifier, Column>,
    source: &Source<'_>,
) -> Result<Vec<String>> {
    let mut statements = vec![
        drop_stage(&stage_table(run)),
        format!("CREATE TABLE {} (\n{}\n)", names.stage, column_definitions(columns, staged::kind)),
    ];
    // COPY fails on a manifest without files; no rows are no files.
    if source.rows > 0 {
        statements.push(copy(names, source)?);
    }
    statements.push(count_check(names, source.rows));
    Ok(statements)
}

/// Columns are taken by position, never by name; the list says which (facts/redshift-copy.md, mapping).
fn copy(names: &Names, source: &Source<'_>) -> Result<String> {
    let role = match source.role {
        CopyRole::Default => "default".to_owned(),
        CopyRole::Arn(arn) => literal(arn)?,
    };
    Ok(format!(
        "COPY {} (\n    {}\n)\nFROM {}\nIAM_ROLE {role}\nFORMAT AS PARQUET\nMANIFEST",
        names.stage,
        names.columns.join(",\n    "),
        literal(&source.manifest.to_string())?,
    ))
}

/// Fails the transaction where COPY took another number of rows. Redshift has no RAISE outside procedures: the text
/// that cannot become an integer does it. It depends on the count, so that no planner tries it beforehand.
fn count_check(names: &Names, rows: u64) -> String {
    format!(
        "SELECT CASE\n    WHEN COUNT(*) = {rows} THEN 1\n    \
         ELSE CAST('sluice: {rows} rows accepted, ' || CAST(COUNT(*) AS varchar) || ' staged' AS integer)\n\
         END\nFROM {}",
        names.stage
    )
}
