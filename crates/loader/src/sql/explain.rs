//! What COPY left of a failure in `sys_load_error_detail`, and what a person reads of it.
//!
//! The client is told little, and often half of it (facts/redshift-copy.md, type compatibility). The view names file,
//! column and length. It is asked by the runs, which every file's name holds: the number of the failed query is not always
//! told (facts/redshift-data-api.md, DescribeStatement).

use model::Result;
use model::group::Member;

use super::quote::literal;
use crate::statement::Row;

/// So many faults are told.
const MOST: usize = 5;

/// The newest faults of COPYs of the runs' files.
pub fn statement(members: &[Member]) -> Result<String> {
    let is_of = members.iter().map(|member| {
        let pattern = literal(&format!("%{}%", member.run.to_string().replace('_', "\\_")))?;
        Ok(format!("file_name LIKE {pattern}"))
    });
    let is_of_group = is_of.collect::<Result<Vec<_>>>()?.join("\n    OR ");
    Ok(format!(
        "SELECT file_name, column_name, column_type, column_length, error_code, error_message\n\
         FROM sys_load_error_detail\nWHERE {is_of_group}\nORDER BY start_time DESC\nLIMIT {MOST}"
    ))
}

/// Fragments of what the warehouse says, and what to do. The first that is found decides.
const HINTS: &[(&str, &str)] = &[
    (
        "longer than the length",
        "lengths are bytes: give the column more of them in the dataset file, or `truncate: true`, and deliver again",
    ),
    (
        "invalidrange",
        "the file has changed since it was written: nobody but Sluice may write to the lake; deliver again",
    ),
    (
        "nosuchkey",
        "the file was deleted since it was written: does a lifecycle rule or a person clean the lake? deliver again",
    ),
    ("access denied", "give the role that COPY uses the right to read lake and control bucket, and their KMS key"),
    ("forbidden", "give the role that COPY uses the right to read lake and control bucket, and their KMS key"),
    ("retries exceeded", "the warehouse could not read S3 for a while: deliver again"),
    ("unmatched number of columns", "the staging table is not what this build made: are two builds deployed?"),
    ("incompatible parquet schema", "the staging table is not what this build made: are two builds deployed?"),
];

/// What to do about a failure, where that is known.
pub fn hint(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    HINTS.iter().find(|(fragment, _)| text.contains(fragment)).map(|(_, hint)| *hint)
}

/// A row of the view as a sentence: `s3://…/0-0.parquet, column name (varchar 200): … (15007)`.
pub fn sentence(row: &Row) -> Result<String> {
    // The view's columns are chars: padded with blanks, and empty where there is nothing to say.
    let text = |column| -> Result<String> { Ok(row.optional_text(column)?.unwrap_or_default().trim().to_owned()) };
    let (file, column, kind, length, message) = (text(0)?, text(1)?, text(2)?, text(3)?, text(5)?);
    let column = match (column.is_empty(), length.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(", column {column} ({kind})"),
        (false, false) => format!(", column {column} ({kind} {length})"),
    };
    let code = row.optional_count(4)?.map_or_else(String::new, |code| format!(" ({code})"));
    Ok(format!("{file}{column}: {message}{code}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_redshiftdata::types::Field;

    use super::*;

    fn row(texts: [&str; 4], code: Option<i64>, message: &str) -> Row {
        let text = |text: &str| Field::StringValue(text.to_owned());
        let code = code.map_or(Field::IsNull(true), Field::LongValue);
        Row(texts.iter().map(|part| text(part)).chain([code, text(message)]).collect())
    }

    #[test]
    fn a_row_says_file_column_length_message_and_code() {
        let long = row(["s3://lake/f.parquet   ", "name  ", "varchar   ", "200  "], Some(15007), "too long  ");
        assert_eq!(sentence(&long).unwrap(), "s3://lake/f.parquet, column name (varchar 200): too long (15007)");
        let day = row(["s3://lake/f.parquet", "day", "date", ""], None, "x");
        assert_eq!(sentence(&day).unwrap(), "s3://lake/f.parquet, column day (date): x");
        let gone = row(["s3://lake/f.parquet", "", "", ""], Some(8001), "x");
        assert_eq!(sentence(&gone).unwrap(), "s3://lake/f.parquet: x (8001)");
    }

    #[test]
    fn hints_are_found_in_any_case_and_written_as_they_are_compared() {
        let text = "The length of the data column c is longer than the length defined in the table. Table: 2, Data: 3";
        assert!(hint(text).unwrap().contains("bytes"));
        assert!(hint("S3ServiceException:Access Denied,Status 403").unwrap().contains("role"));
        assert_eq!(hint("what nobody foresaw"), None);
        assert!(HINTS.iter().all(|(fragment, _)| *fragment == fragment.to_lowercase()));
    }
}
