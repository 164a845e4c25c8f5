//! Step two: the files into a staging table of the group's own, counted before anyone can rely on it.

use indexmap::IndexMap;
use model::Result;
use model::dataset::Column;
use model::group::Group;
use model::name::{Identifier, S3Url};

use super::publish::fails_where;
use super::quote::literal;
use super::{Names, column_definitions, drop_tables, members, staged};
use crate::config::CopyRole;

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// The manifest that COPY reads.
    pub manifest: S3Url,
    /// The right to read it and what it names.
    pub role: &'a CopyRole,
}

/// The statements of `stage`. An earlier try's tables go first, so they may be run again.
pub fn statements(
    group: &Group,
    names: &Names,
    columns: &IndexMap<Identifier, Column>,
    source: &Source<'_>,
) -> Result<Vec<String>> {
    let mut statements = drop_tables(&group.group);
    statements.push(format!("CREATE TABLE {} (\n{}\n)", names.stage, column_definitions(columns, staged::kind)));
    statements.push(members::create(names)?);
    statements.extend(members::insert(names, &group.members)?);
    // COPY fails on a manifest without files; no rows are no files.
    if group.members.iter().any(|member| member.counts.accepted > member.isolated) {
        statements.push(copy(names, source)?);
    }
    statements.push(count_check(names));
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

/// Fails the transaction where COPY took another number of a run's rows than its files hold, by their footers, or rows
/// of a run that is not of the group.
fn count_check(names: &Names) -> String {
    let text = "COALESCE(\"member\".\"run\", 'a run that is not of the group') || ': ' || \
                COALESCE(CAST(\"member\".\"rows_accepted\" AS varchar), '0') || ' rows accepted, ' || \
                COALESCE(CAST(\"member\".\"rows_isolated\" AS varchar), '0') || ' isolated, ' || \
                COALESCE(CAST(\"staged\".\"rows\" AS varchar), '0') || ' staged'";
    let relation = format!(
        "{members} AS \"member\"\nFULL JOIN (\n    SELECT \"_sluice_run\" AS \"run\", COUNT(*) AS \"rows\"\n    \
         FROM {stage}\n    GROUP BY \"_sluice_run\"\n) AS \"staged\"\n    ON \"staged\".\"run\" = \"member\".\"run\"",
        members = names.members,
        stage = names.stage
    );
    let expected = "COALESCE(\"member\".\"rows_accepted\" - \"member\".\"rows_isolated\", 0)";
    fails_where(text, &relation, &format!("{expected} <> COALESCE(\"staged\".\"rows\", 0)"))
}
