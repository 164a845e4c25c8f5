//! SQL errors, sorted. This is the only place that knows which of them another try can mend.
//!
//! The Data API has no codes for them: a statement is FAILED and has a text. The texts are those of
//! facts/redshift-data-api.md (exceptions), redshift-copy.md and redshift-sql.md; those marked (U) were not seen.

use model::Kind;

/// What a statement's text begins with where someone stopped it: the Data API has a status for that, and no text.
pub const ABORTED: &str = "the statement was aborted";

/// Fragments of texts and what they say, the first that is found decides. In lower case, without a blank behind
/// `error:`. Transient ones stand first: Redshift wraps them in texts that hold the others.
const CLASSES: &[(&str, Kind)] = &[
    ("error:1023", Kind::Transient),
    ("serializable isolation violation", Kind::Transient),
    ("error:1018", Kind::Transient),
    ("deadlock", Kind::Transient),
    ("retries exceeded", Kind::Transient),
    ("access throttled", Kind::Transient),
    ("conflict with concurrent transaction", Kind::Transient), // (U)
    // Two at once create what neither found: IF NOT EXISTS does not lock (U).
    ("already exists", Kind::Transient),
    ("duplicate key", Kind::Transient), // (U)
    (ABORTED, Kind::Transient),
    ("cancelled on user's request", Kind::Transient), // (U)
    // The count checks and guards: leader and compute nodes say it in two ways, with or without our text (U).
    ("sluice: ", Kind::Bug),
    ("invalid digit", Kind::Bug),
    ("invalid input syntax for integer", Kind::Bug),
    // Files and staging are both ours: where they do not fit, or the manifest does not fit the files, we are wrong.
    ("incompatible parquet schema", Kind::Bug),
    ("unmatched number of columns", Kind::Bug),
    ("does not have 'meta' key", Kind::Bug),
    ("invalidrange", Kind::Bug),
    ("longer than the length defined in the table", Kind::Data),
    ("value too long for", Kind::Data),           // (U)
    ("out of range", Kind::Data),                 // (U)
    ("numeric data overflow", Kind::Data),        // (U)
    ("cannot insert a null value", Kind::Data),   // (U)
    ("violates not-null constraint", Kind::Data), // (U)
    ("stl_load_errors", Kind::Data),
    ("permission denied", Kind::Config),
    ("must be owner", Kind::Config), // (U)
    ("access denied", Kind::Config),
    (":forbidden", Kind::Config),
    ("not authorized", Kind::Config), // (U)
    ("does not exist", Kind::Config),
    ("but expression is of type", Kind::Config), // (U): the target's column has another type
];

/// What kind of trouble a failed statement's text tells of. A text that nobody foresaw is a `Bug`: someone must look.
pub fn kind(text: &str) -> Kind {
    let text = text.to_lowercase().replace("error: ", "error:");
    CLASSES.iter().find(|(fragment, _)| text.contains(fragment)).map_or(Kind::Bug, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts as the fact files have them.
    const TEXTS: &[(&str, Kind)] = &[
        ("ERROR:1023 DETAIL: Serializable isolation violation on table in Redshift", Kind::Transient),
        ("ERROR: 1023 DETAIL: something", Kind::Transient),
        ("ERROR: 1018 DETAIL: Relation does not exist.", Kind::Transient),
        ("ERROR: deadlock detected", Kind::Transient),
        ("Spectrum Scan Error: Retries exceeded", Kind::Transient),
        ("S3 Query Exception (Fetch): Access throttled", Kind::Transient),
        ("ERROR: could not complete because of conflict with concurrent transaction", Kind::Transient),
        ("ERROR: Relation \"ledger\" already exists", Kind::Transient),
        (ABORTED, Kind::Transient),
        ("ERROR: invalid input syntax for integer: \"sluice: 897 rows accepted, 896 staged\"", Kind::Bug),
        ("ERROR: Invalid digit, Value 's', Pos 0, Type: Integer", Kind::Bug),
        (
            "Spectrum Scan Error File 'https://s3...' has an incompatible Parquet schema for column 's3://b/k.col'",
            Kind::Bug,
        ),
        ("Unmatched number of columns between table and file. Table columns: 20, Data columns: 16", Kind::Bug),
        ("File entry does not have 'meta' key.", Kind::Bug),
        ("HTTP response error code: 416 Message: InvalidRange The requested range is not satisfiable", Kind::Bug),
        (
            "The length of the data column c is longer than the length defined in the table. Table: 200, Data: 300",
            Kind::Data,
        ),
        ("Load into table 't' failed. Check 'stl_load_errors' system table for details.", Kind::Data),
        ("ERROR: Cannot insert a NULL value into column id", Kind::Data),
        ("ERROR: value too long for type character varying(10)", Kind::Data),
        ("ERROR: permission denied for schema sluice", Kind::Config),
        ("S3ServiceException: Access Denied,Status 403", Kind::Config),
        ("S3ServiceException:Forbidden", Kind::Config),
        ("ERROR: relation \"analytics.sales\" does not exist", Kind::Config),
        ("ERROR: schema \"x\" does not exist", Kind::Config),
        ("ERROR: syntax error at or near \"FROM\"", Kind::Bug),
        ("", Kind::Bug),
    ];

    #[test]
    fn every_known_text_has_its_kind() {
        for (text, expected) in TEXTS {
            assert_eq!(kind(text), *expected, "{text}");
        }
    }

    #[test]
    fn fragments_are_written_as_they_are_compared() {
        for (fragment, _) in CLASSES {
            assert_eq!(*fragment, fragment.to_lowercase(), "{fragment}");
        }
    }
}
