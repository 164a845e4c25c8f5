//! A table at one moment: definition and rows, never changed in place.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::assign::default;
use crate::cast::first_longer;
use crate::error::{SqlError, SqlResult};
use crate::types::Type;

/// A column's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, folded.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Whether a null fails the statement.
    pub not_null: bool,
    /// The text of its DEFAULT; `None` means null.
    pub default: Option<String>,
}

/// Where the rows of a table lie (kept as metadata: the double has one node).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DistStyle {
    /// The warehouse chooses.
    #[default]
    Auto,
    /// Round-robin.
    Even,
    /// A copy on each node.
    All,
    /// By the value of the distribution key.
    Key,
}

impl DistStyle {
    /// The word in SQL, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Even => "even",
            Self::All => "all",
            Self::Key => "key",
        }
    }
}

/// What CREATE TABLE says of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The columns in order.
    pub columns: Vec<Column>,
    /// The distribution style.
    pub dist_style: DistStyle,
    /// The distribution key.
    pub dist_key: Option<String>,
    /// The sort key.
    pub sort_key: Vec<String>,
    /// The primary key, which is not enforced.
    pub primary_key: Vec<String>,
}

impl Definition {
    /// The position of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// The schema of the table's batches.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(|column| column.ty.field(&column.name)).collect::<Vec<_>>()))
    }

    /// The positions that a column list names; the whole table where there is none.
    pub(crate) fn targets(&self, list: Option<&[String]>, relation: &str) -> SqlResult<Vec<usize>> {
        let Some(list) = list else { return Ok((0..self.columns.len()).collect()) };
        let mut targets = Vec::with_capacity(list.len());
        for name in list {
            let at = self.position(name).ok_or_else(|| SqlError::no_column(name, relation))?;
            if targets.contains(&at) {
                return Err(SqlError::new(format!("column \"{name}\" specified more than once")));
            }
            targets.push(at);
        }
        Ok(targets)
    }
}

/// Rows that were written together: one file on disk, never changed.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Names its file.
    pub id: u64,
    /// Its rows.
    pub batch: RecordBatch,
}

/// One version of a table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The number that system views name it by.
    pub id: u64,
    /// Its columns and keys.
    pub definition: Arc<Definition>,
    /// The schema of its batches.
    pub schema: SchemaRef,
    pub(crate) segments: Vec<Arc<Segment>>,
}

/// A segment smaller than this takes in the rows that are appended next, so that many small inserts stay few files.
const SMALL_SEGMENT_ROWS: usize = 16_384;

impl Table {
    /// An empty table.
    pub(crate) fn new(id: u64, definition: Definition) -> Self {
        Self { id, schema: definition.schema(), definition: Arc::new(definition), segments: Vec::new() }
    }

    /// Its rows.
    pub fn batches(&self) -> Vec<RecordBatch> {
        self.segments.iter().map(|segment| segment.batch.clone()).collect()
    }

    /// The table with rows added; each new segment takes its number from `next_id`.
    pub(crate) fn append(&self, batches: Vec<RecordBatch>, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Self> {
        let mut segments = self.segments.clone();
        for batch in batches.into_iter().filter(|batch| batch.num_rows() > 0) {
            let batch = match segments.last() {
                Some(last) if last.batch.num_rows() + batch.num_rows() <= SMALL_SEGMENT_ROWS => {
                    let joined = arrow::compute::concat_batches(&self.schema, [&last.batch, &batch])?;
                    segments.pop();
                    joined
                }
                _ => batch,
            };
            segments.push(Arc::new(Segment { id: next_id(), batch }));
        }
        Ok(Self { segments, ..self.clone() })
    }

    /// The table with a column more, at the end, its default in every row.
    pub(crate) fn with_column(&self, column: Column, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Self> {
        let mut definition = Definition::clone(&self.definition);
        definition.columns.push(column.clone());
        let mut widened = Self::new(self.id, definition);
        for segment in &self.segments {
            let added = default(&column, segment.batch.num_rows())?;
            let columns = segment.batch.columns().iter().cloned().chain([added]).collect();
            let batch = RecordBatch::try_new(Arc::clone(&widened.schema), columns)?;
            widened.segments.push(Arc::new(Segment { id: next_id(), batch }));
        }
        Ok(widened)
    }

    /// The table with another type of a column that keeps its values as they are; its files stay as well.
    pub(crate) fn with_type(&self, at: usize, ty: Type) -> SqlResult<Self> {
        let mut definition = Definition::clone(&self.definition);
        definition.columns.get_mut(at).ok_or_else(|| SqlError::internal("a column without a place"))?.ty = ty;
        let mut altered = Self::new(self.id, definition);
        for segment in &self.segments {
            let batch = RecordBatch::try_new(Arc::clone(&altered.schema), segment.batch.columns().to_vec())?;
            altered.segments.push(Arc::new(Segment { id: segment.id, batch }));
        }
        Ok(altered)
    }

    /// The length of the first value of a column that has more than so many bytes.
    pub(crate) fn first_over(&self, at: usize, bytes: u32) -> Option<usize> {
        self.segments.iter().find_map(|segment| first_longer(segment.batch.column(at), bytes))
    }
}
