//! The rows of a relation, as the engine reads them: piece by piece, the columns that it wants, without the rows that are
//! gone. Nothing is copied where no row is gone.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use futures::stream;

/// So many rows at most are one piece.
const PIECE_ROWS: usize = 8192;

/// Rows that lie together.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub batch: RecordBatch,
    /// Which of them are there; all where it says nothing.
    pub kept: Option<BooleanBuffer>,
}

impl Part {
    /// How many rows are there.
    pub fn rows(&self) -> usize {
        self.kept.as_ref().map_or(self.batch.num_rows(), BooleanBuffer::count_set_bits)
    }
}

/// The rows of one relation.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    schema: SchemaRef,
    parts: Vec<Part>,
    /// Whether the last column numbers the rows, those that are gone included.
    is_numbered: bool,
}

impl Rows {
    /// The rows of the parts, one part after the other.
    pub fn new(schema: SchemaRef, parts: Vec<Part>) -> Self {
        Self { schema, parts, is_numbered: false }
    }

    /// The same with a last column of this name, which numbers the rows.
    pub fn numbered(self, name: &str) -> Self {
        let number = Arc::new(Field::new(name, DataType::Int64, false));
        let fields = self.schema.fields().iter().cloned().chain([number]);
        Self { schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())), is_numbered: true, ..self }
    }
}

#[async_trait]
impl TableProvider for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns)?);
        let scan = Scan { parts: self.parts.clone().into(), is_numbered: self.is_numbered, columns, schema };
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// Some columns of the rows.
#[derive(Debug, Clone)]
struct Scan {
    parts: Arc<[Part]>,
    is_numbered: bool,
    columns: Vec<usize>,
    schema: SchemaRef,
}

/// Where a piece begins: in which part, at which of its rows, at which of all rows.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    part: usize,
    row: usize,
    number: usize,
}

impl Scan {
    /// The next piece that has rows, and where the one behind it begins.
    fn next(&self, mut place: Place) -> Result<Option<(RecordBatch, Place)>> {
        while let Some(part) = self.parts.get(place.part) {
            let rows = part.batch.num_rows().saturating_sub(place.row).min(PIECE_ROWS);
            if rows == 0 {
                place = Place { part: place.part + 1, row: 0, ..place };
                continue;
            }
            let piece = self.piece(part, place, rows)?;
            place = Place { row: place.row + rows, number: place.number + rows, ..place };
            if let Some(piece) = piece {
                return Ok(Some((piece, place)));
            }
        }
        Ok(None)
    }

    fn piece(&self, part: &Part, place: Place, rows: usize) -> Result<Option<RecordBatch>> {
        let kept = part.kept.as_ref().map(|kept| kept.slice(place.row, rows));
        let there = kept.as_ref().map_or(rows, BooleanBuffer::count_set_bits);
        if there == 0 {
            return Ok(None);
        }
        let column = |at: &usize| -> Result<ArrayRef> {
            if self.is_numbered && *at == part.batch.num_columns() {
                let number = i64::try_from(place.number).map_err(crate::error::SqlError::internal)?;
                let numbers = (number..).take(rows);
                return Ok(Arc::new(Int64Array::from_iter_values(numbers)));
            }
            Ok(part.batch.column(*at).slice(place.row, rows))
        };
        let columns = self.columns.iter().map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let piece = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        match kept {
            Some(kept) if there < rows => Ok(Some(filter_record_batch(&piece, &BooleanArray::new(kept, None))?)),
            _ => Ok(Some(piece)),
        }
    }

    /// What the columns take, as if all rows were as long as those of their part are on average.
    fn size_bytes(&self) -> usize {
        let of_part = |part: &Part| {
            let there = part.batch.columns().iter().enumerate().filter(|(at, _)| self.columns.contains(at));
            let bytes: usize = there.map(|(_, column)| column.get_buffer_memory_size()).sum();
            bytes / part.batch.num_rows().max(1) * part.rows()
        };
        self.parts.iter().map(of_part).sum()
    }
}

impl DataSource for Scan {
    fn open(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (first, scan) = (self.next(Place::default()), self.clone());
        let pieces = std::iter::successors(Some(first), move |piece| match piece {
            Ok(Some((_, place))) => Some(scan.next(*place)),
            _ => None,
        });
        let batches = pieces.filter_map(|piece| piece.map(|piece| piece.map(|(batch, _)| batch)).transpose());
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::iter(batches))))
    }

    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parts={}", self.parts.len())
    }

    fn output_partitioning(&self) -> Partitioning {
        Partitioning::UnknownPartitioning(1)
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        EquivalenceProperties::new(Arc::clone(&self.schema))
    }

    /// Of two sides of a join, the smaller is to be kept in memory.
    fn partition_statistics(&self, _: Option<usize>) -> Result<Arc<Statistics>> {
        Ok(Arc::new(Statistics {
            num_rows: Precision::Exact(self.parts.iter().map(Part::rows).sum()),
            total_byte_size: Precision::Inexact(self.size_bytes()),
            column_statistics: Statistics::unknown_column(&self.schema),
        }))
    }

    fn with_fetch(&self, _: Option<usize>) -> Option<Arc<dyn DataSource>> {
        None
    }

    fn fetch(&self) -> Option<usize> {
        None
    }

    fn try_swapping_with_projection(&self, _: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        Ok(None)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
}
