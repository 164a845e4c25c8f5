//! A table at one moment: definition and rows, never changed in place.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::assign::default;
use crate::cast::first_longer;
use crate::error::{SqlError, SqlResult};
use crate::query::{Part, Rows};
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

/// Which rows of a segment a DELETE left: a small file on disk, never changed.
#[derive(Debug)]
pub(crate) struct Marks {
    /// Names its file.
    pub id: u64,
    /// True where the row is there.
    pub kept: BooleanBuffer,
}

/// A segment as one version of a table has it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub segment: Arc<Segment>,
    /// All rows are there where it says nothing.
    pub marks: Option<Arc<Marks>>,
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
    pub(crate) pieces: Vec<Piece>,
}

/// A segment smaller than this takes in the rows that are appended next, so that many small inserts stay few files.
const SMALL_SEGMENT_ROWS: usize = 16_384;
/// Rows are appended as segments of so many, or of so many bytes: few files, and none that is too large for memory.
const SEGMENT_ROWS: usize = 131_072;
const SEGMENT_BYTES: usize = 64 << 20;

impl Piece {
    fn new(id: u64, batch: RecordBatch) -> Self {
        Self { segment: Arc::new(Segment { id, batch }), marks: None }
    }

    /// Whether rows that are appended are written together with its own.
    fn is_small(&self) -> bool {
        self.marks.is_none() && self.segment.batch.num_rows() < SMALL_SEGMENT_ROWS
    }

    /// Without the rows that are doomed, none where no row is left. Marks are cheap to write, but what is gone stays in
    /// memory: at least half of a large segment is rows, and all of a small one.
    fn without(&self, doomed: &BooleanBuffer, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Option<Self>> {
        if doomed.count_set_bits() == 0 {
            return Ok(Some(self.clone()));
        }
        let kept = match &self.marks {
            Some(marks) => &marks.kept & &!doomed,
            None => !doomed,
        };
        let (rows, left) = (kept.len(), kept.count_set_bits());
        if left == 0 {
            return Ok(None);
        }
        if rows >= SMALL_SEGMENT_ROWS && left >= rows / 2 {
            let marks = Some(Arc::new(Marks { id: next_id(), kept }));
            return Ok(Some(Self { segment: Arc::clone(&self.segment), marks }));
        }
        let batch = filter_record_batch(&self.segment.batch, &BooleanArray::new(kept, None))?;
        Ok(Some(Self::new(next_id(), batch)))
    }
}

impl Table {
    /// An empty table.
    pub(crate) fn new(id: u64, definition: Definition) -> Self {
        Self { id, schema: definition.schema(), definition: Arc::new(definition), pieces: Vec::new() }
    }

    /// Its rows.
    pub(crate) fn rows(&self) -> Rows {
        let part = |piece: &Piece| Part {
            batch: piece.segment.batch.clone(),
            kept: piece.marks.as_ref().map(|marks| marks.kept.clone()),
        };
        Rows::new(Arc::clone(&self.schema), self.pieces.iter().map(part).collect())
    }

    /// How many numbers its rows have in [`Rows::numbered`]: rows that are gone and not yet forgotten have one too.
    pub(crate) fn numbers(&self) -> usize {
        self.pieces.iter().map(|piece| piece.segment.batch.num_rows()).sum()
    }

    /// The table with rows added; each new segment takes its number from `next_id`.
    pub(crate) fn append(&self, batches: Vec<RecordBatch>, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Self> {
        let mut pieces = self.pieces.clone();
        let mut batches: VecDeque<RecordBatch> = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        if !batches.is_empty() && pieces.last().is_some_and(Piece::is_small) {
            let last = pieces.pop().map(|piece| piece.segment.batch.clone());
            last.into_iter().for_each(|batch| batches.push_front(batch));
        }
        while let Some(first) = batches.pop_front() {
            let (mut rows, mut bytes, mut together) = (first.num_rows(), size_bytes(&first)?, vec![first]);
            while let Some(next) = batches.front() {
                rows += next.num_rows();
                bytes += size_bytes(next)?;
                if rows > SEGMENT_ROWS || bytes > SEGMENT_BYTES {
                    break;
                }
                together.extend(batches.pop_front());
            }
            let batch = arrow::compute::concat_batches(&self.schema, &together)?;
            pieces.push(Piece::new(next_id(), batch));
        }
        Ok(Self { pieces, ..self.clone() })
    }

    /// The table without the rows of some numbers.
    pub(crate) fn without(&self, doomed: &BooleanBuffer, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Self> {
        let (mut pieces, mut first) = (Vec::with_capacity(self.pieces.len()), 0);
        for piece in &self.pieces {
            let rows = piece.segment.batch.num_rows();
            pieces.extend(piece.without(&doomed.slice(first, rows), next_id)?);
            first += rows;
        }
        Ok(Self { pieces, ..self.clone() })
    }

    /// The table with a column more, at the end, its default in every row.
    pub(crate) fn with_column(&self, column: Column, next_id: &mut dyn FnMut() -> u64) -> SqlResult<Self> {
        let mut definition = Definition::clone(&self.definition);
        definition.columns.push(column.clone());
        let mut widened = Self::new(self.id, definition);
        for Piece { segment, marks } in &self.pieces {
            let added = default(&column, segment.batch.num_rows())?;
            let columns = segment.batch.columns().iter().cloned().chain([added]).collect();
            let batch = RecordBatch::try_new(Arc::clone(&widened.schema), columns)?;
            widened.pieces.push(Piece { marks: marks.clone(), ..Piece::new(next_id(), batch) });
        }
        Ok(widened)
    }

    /// The table with another type of a column that keeps its values as they are; its files stay as well.
    pub(crate) fn with_type(&self, at: usize, ty: Type) -> SqlResult<Self> {
        let mut definition = Definition::clone(&self.definition);
        definition.columns.get_mut(at).ok_or_else(|| SqlError::internal("a column without a place"))?.ty = ty;
        let mut altered = Self::new(self.id, definition);
        for Piece { segment, marks } in &self.pieces {
            let batch = RecordBatch::try_new(Arc::clone(&altered.schema), segment.batch.columns().to_vec())?;
            altered.pieces.push(Piece { marks: marks.clone(), ..Piece::new(segment.id, batch) });
        }
        Ok(altered)
    }

    /// The length of the first value of a column that has more than so many bytes, in the rows that are there.
    pub(crate) fn first_over(&self, at: usize, bytes: u32) -> SqlResult<Option<usize>> {
        for Piece { segment, marks } in &self.pieces {
            let column = Arc::clone(segment.batch.column(at));
            let there = match marks {
                Some(marks) => arrow::compute::filter(&column, &BooleanArray::new(marks.kept.clone(), None))?,
                None => column,
            };
            if let Some(length) = first_longer(&there, bytes) {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }
}

/// What the rows of a batch take: it may be a part of something larger.
fn size_bytes(batch: &RecordBatch) -> SqlResult<usize> {
    let sizes = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size());
    Ok(sizes.sum::<Result<usize, _>>()?)
}
