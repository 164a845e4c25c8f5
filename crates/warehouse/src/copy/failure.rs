//! A failed COPY: what the client is told, and what `sys_load_error_detail` keeps.

use crate::error::SqlError;
use crate::loads::LoadError;
use crate::table::Column;
use crate::types::Type;

/// Both tellings of one failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub error: SqlError,
    pub detail: Box<LoadError>,
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        let message = error.to_string();
        Self::new(error, 0, message)
    }
}

impl Failure {
    pub fn new(error: SqlError, code: u32, message: String) -> Self {
        Self { error, detail: Box::new(LoadError { code, message, ..LoadError::default() }) }
    }

    /// A failure of the scan, with its code and context.
    pub fn scan(code: u32, context: String) -> Self {
        Self::new(SqlError::scan("Spectrum Scan Error", code, &context), code, context)
    }

    #[must_use]
    pub fn in_file(mut self, url: &str) -> Self {
        url.clone_into(&mut self.detail.file_name);
        self
    }

    #[must_use]
    pub fn in_column(mut self, column: &Column) -> Self {
        self.detail.column_name.clone_from(&column.name);
        column.ty.wire_name().clone_into(&mut self.detail.column_type);
        self.detail.column_length = match column.ty {
            Type::Char(bytes) | Type::Varchar(bytes) | Type::Varbyte(bytes) => bytes.to_string(),
            Type::Decimal(precision, scale) => format!("{precision},{scale}"),
            _ => String::new(),
        };
        self
    }
}
