//! COPY with its options (facts/redshift-copy.md, allowed clauses with FORMAT AS PARQUET).

use super::reader::Reader;
use crate::error::{SqlError, SqlResult};
use crate::name::TableName;

/// `COPY table [(columns)] FROM 'url' IAM_ROLE … FORMAT AS PARQUET MANIFEST …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub table: TableName,
    pub columns: Option<Vec<String>>,
    /// The manifest.
    pub url: String,
    /// Whether files may lack the last columns.
    pub fill_record: bool,
}

/// What Redshift refuses with Parquet; only the first one's text has been seen, the others are worded alike.
const NOT_FOR_PARQUET: &[&str] = &[
    "TRUNCATECOLUMNS",
    "MAXERROR",
    "ACCEPTANYDATE",
    "IGNOREALLERRORS",
    "COMPUPDATE",
    "NULL",
    "DATEFORMAT",
    "TIMEFORMAT",
    "DELIMITER",
    "GZIP",
    "BZIP2",
    "LZOP",
    "ZSTD",
    "ESCAPE",
    "FIXEDWIDTH",
    "IGNOREHEADER",
    "IGNOREBLANKLINES",
    "BLANKSASNULL",
    "EMPTYASNULL",
    "REMOVEQUOTES",
    "TRIMBLANKS",
    "ROUNDEC",
    "ENCODING",
    "QUOTE",
    "COMPROWS",
    "READRATIO",
    "ENCRYPTED",
];

/// What Redshift takes, or may take, and the double does not.
const NOT_HERE: &[&str] = &[
    "CREDENTIALS",
    "ACCESS_KEY_ID",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "REGION",
    "ACCEPTINVCHARS",
    "EXPLICIT_IDS",
    "SERIALIZETOJSON",
    "NOLOAD",
    "JOB",
];

/// Roles of which each assumes the next.
const MAX_CHAINED_ROLES: usize = 10;

#[derive(Default)]
struct Options {
    role: bool,
    parquet: bool,
    manifest: bool,
    fill_record: bool,
    stat_update: bool,
}

/// After COPY.
pub(super) fn copy(reader: &mut Reader<'_>) -> SqlResult<Copy> {
    let table = reader.table()?;
    let columns = if reader.at_column_list() { Some(reader.names()?) } else { None };
    reader.expect("FROM")?;
    let url = reader.string()?;
    if !url.starts_with("s3://") {
        return Err(SqlError::unknown(format!("a COPY from {url}")));
    }
    let mut options = Options::default();
    while !reader.at_end() {
        option(reader, &mut options)?;
    }
    if !options.role {
        return Err(SqlError::new("COPY needs an authorization: IAM_ROLE is missing"));
    }
    if !options.parquet {
        return Err(SqlError::unknown("a COPY of any format but PARQUET"));
    }
    if !options.manifest {
        return Err(SqlError::unknown("a COPY without MANIFEST"));
    }
    Ok(Copy { table, columns, url, fill_record: options.fill_record })
}

fn once(slot: &mut bool, option: &str) -> SqlResult<()> {
    if std::mem::replace(slot, true) {
        return Err(SqlError::new(format!("conflicting or redundant options: {option}")));
    }
    Ok(())
}

fn option(reader: &mut Reader<'_>, options: &mut Options) -> SqlResult<()> {
    if reader.word("IAM_ROLE") {
        once(&mut options.role, "IAM_ROLE")?;
        return role(reader);
    }
    if reader.word("FORMAT") {
        let _optional = reader.word("AS");
        reader.known("FORMAT AS PARQUET", "PARQUET")?;
        return once(&mut options.parquet, "FORMAT");
    }
    if reader.word("MANIFEST") {
        return once(&mut options.manifest, "MANIFEST");
    }
    if reader.word("FILLRECORD") {
        return once(&mut options.fill_record, "FILLRECORD");
    }
    if reader.word("STATUPDATE") {
        // There are no statistics here to update, and none to leave alone.
        let _value = ["ON", "OFF", "TRUE", "FALSE"].into_iter().any(|value| reader.word(value));
        return once(&mut options.stat_update, "STATUPDATE");
    }
    if let Some(word) = NOT_FOR_PARQUET.iter().find(|word| reader.at_word(word)) {
        return Err(SqlError::new(format!("{word} argument is not supported for PARQUET based COPY")));
    }
    if let Some(word) = NOT_HERE.iter().find(|word| reader.at_word(word)) {
        return Err(SqlError::unknown(format!("{word} in COPY")));
    }
    Err(reader.unexpected())
}

fn role(reader: &mut Reader<'_>) -> SqlResult<()> {
    if reader.word("DEFAULT") {
        return Ok(());
    }
    let arns = reader.string()?;
    let is_role = |arn: &str| arn.starts_with("arn:") && arn.contains(":role/");
    if !arns.split(',').all(is_role) {
        return Err(SqlError::new(format!("Invalid IAM role ARN: {arns}")));
    }
    // That there is a limit is documented, its text is not.
    if arns.split(',').count() > MAX_CHAINED_ROLES {
        return Err(SqlError::new(format!("at most {MAX_CHAINED_ROLES} roles can be chained")));
    }
    Ok(())
}
