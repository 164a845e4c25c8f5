//! What a statement fails with, in Redshift's words.

use std::fmt;

/// A failed statement. `Display` is what Redshift shows: `ERROR: relation "x" does not exist`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    text: String,
}

/// The result of anything that runs SQL.
pub type SqlResult<T> = Result<T, SqlError>;

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ERROR: {}", self.text)
    }
}

impl std::error::Error for SqlError {}

impl SqlError {
    /// An error with Redshift's text, without the leading `ERROR: `.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// What Redshift may know and this double does not: it refuses, and never ignores.
    pub fn unknown(what: impl fmt::Display) -> Self {
        Self::new(format!("not known to the double: {what}"))
    }

    /// A relation that is not there.
    pub fn no_relation(name: impl fmt::Display) -> Self {
        Self::new(format!("relation \"{name}\" does not exist"))
    }

    /// A column that is not there.
    pub fn no_column(column: &str, relation: impl fmt::Display) -> Self {
        Self::new(format!("column \"{column}\" of relation \"{relation}\" does not exist"))
    }

    /// A transaction that wrote what another one committed since it began (facts/redshift-sql.md, isolation and locks).
    pub fn conflict(name: impl fmt::Display) -> Self {
        Self::new(format!(
            "1023 DETAIL: Serializable isolation violation on table in Redshift (table \"{name}\" was changed by a \
             concurrent transaction)"
        ))
    }

    /// A table that was made after the transaction began to read.
    pub fn later_relation(name: impl fmt::Display) -> Self {
        Self::new(format!(
            "1018 DETAIL: Relation does not exist. (table \"{name}\" was made after the transaction's snapshot)"
        ))
    }

    /// A null where the column allows none.
    pub fn null_value(column: &str) -> Self {
        Self::new(format!("Cannot insert a NULL value into column {column}"))
    }

    /// A failed scan of COPY's files, in the frame that Redshift draws around it. The frame's exact lines are
    /// unverified; code and context are not.
    pub fn scan(title: &str, code: u32, context: &str) -> Self {
        let line = "-----------------------------------------------";
        Self::new(format!(
            "{title}\n  Detail: \n  {line}\n  error:  {title}\n  code:      {code}\n  context:   {context}\n  {line}"
        ))
    }

    /// A value of this crate's own making that does not hold.
    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::new(format!("Assert: {error}"))
    }
}

impl From<arrow::error::ArrowError> for SqlError {
    fn from(error: arrow::error::ArrowError) -> Self {
        use arrow::error::ArrowError;
        match error {
            ArrowError::ExternalError(source) => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::new(other.to_string()),
            },
            ArrowError::DivideByZero => Self::new("division by zero"),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<datafusion::error::DataFusionError> for SqlError {
    /// Finds the error of this crate inside the engine's, or words the engine's own in Redshift's way.
    fn from(error: datafusion::error::DataFusionError) -> Self {
        use datafusion::common::SchemaError;
        use datafusion::error::DataFusionError as E;
        match error {
            E::External(source) => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::new(other.to_string()),
            },
            E::Context(_, source) | E::Diagnostic(_, source) => (*source).into(),
            E::Shared(source) => match source.as_ref() {
                E::External(inner) if inner.is::<Self>() => {
                    inner.downcast_ref::<Self>().cloned().unwrap_or_else(|| Self::new(inner.to_string()))
                }
                other => Self::new(first_line(&other.to_string())),
            },
            E::ArrowError(source, _) => (*source).into(),
            E::SchemaError(source, _) => match *source {
                SchemaError::FieldNotFound { field, .. } => {
                    Self::new(format!("column \"{}\" does not exist", field.flat_name()))
                }
                SchemaError::AmbiguousReference { field } => {
                    Self::new(format!("column reference \"{}\" is ambiguous", field.name))
                }
                other => Self::new(first_line(&other.to_string())),
            },
            E::Plan(text) | E::Execution(text) => Self::new(first_line(&text)),
            E::NotImplemented(text) => Self::unknown(first_line(&text)),
            other => Self::new(first_line(&other.to_string())),
        }
    }
}

impl From<SqlError> for datafusion::error::DataFusionError {
    fn from(error: SqlError) -> Self {
        Self::External(Box::new(error))
    }
}

/// The engine's hints and traces after the first line are about itself, not about the statement.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
