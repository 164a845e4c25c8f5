//! ROW_NUMBER over rows that come in the order of their partitions.
//!
//! The engine's own operator keeps a state for each partition. Of the million partitions of a million keys that takes most
//! of the time of a publish; counting until the next partition begins takes hardly any, and no memory.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{concat, partition};
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::StandardWindowExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowUDFExpr};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties, WindowExpr,
};
use futures::StreamExt;

/// The rule. It stands behind the engine's own rules, which have put the sort there that the count needs.
#[derive(Debug)]
pub(super) struct CountRows;

impl PhysicalOptimizerRule for CountRows {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(match RowNumber::instead_of(&node) {
                Some(row_number) => Transformed::yes(Arc::new(row_number) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "count_rows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Adds the number of each row in its partition.
#[derive(Debug)]
struct RowNumber {
    input: Arc<dyn ExecutionPlan>,
    partition_by: Vec<Arc<dyn PhysicalExpr>>,
    properties: Arc<PlanProperties>,
}

impl RowNumber {
    /// What does the same, where the operator does nothing else than to number sorted rows.
    fn instead_of(node: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        let window = node.downcast_ref::<BoundedWindowAggExec>()?;
        let [expr] = window.window_expr() else { return None };
        let sorted = window.input_order_mode == InputOrderMode::Sorted && !expr.partition_by().is_empty();
        (sorted && is_row_number(expr)).then(|| Self {
            input: Arc::clone(window.input()),
            partition_by: expr.partition_by().to_vec(),
            properties: Arc::clone(window.properties()),
        })
    }
}

fn is_row_number(expr: &Arc<dyn WindowExpr>) -> bool {
    let function = expr.as_any().downcast_ref::<StandardWindowExpr>().map(StandardWindowExpr::get_standard_func_expr);
    let function = function.and_then(|function| function.as_any().downcast_ref::<WindowUDFExpr>());
    function.is_some_and(|function| function.fun().name() == "row_number")
}

impl DisplayAs for RowNumber {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowNumber: partition_by={:?}", self.partition_by)
    }
}

impl ExecutionPlan for RowNumber {
    fn name(&self) -> &str {
        "RowNumber"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = TreeNodeRecursion::Continue;
        for expr in &self.partition_by {
            recursion = f(expr)?;
            if recursion == TreeNodeRecursion::Stop {
                break;
            }
        }
        Ok(recursion)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[_; 1]>::try_from(children) else { return internal_err!("ROW_NUMBER over one input") };
        let (partition_by, properties) = (self.partition_by.clone(), Arc::clone(&self.properties));
        Ok(Arc::new(Self { input, partition_by, properties }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (input, schema) = (self.input.execute(partition, context)?, self.schema());
        let mut count = Count { partition_by: self.partition_by.clone(), schema: self.schema(), last: None };
        let batches = input.map(move |batch| count.numbered(&batch?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// Where the count stands.
struct Count {
    partition_by: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    /// What the last row is partitioned by, and its number.
    last: Option<(Vec<ArrayRef>, u64)>,
}

impl Count {
    fn numbered(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let key = |expr: &Arc<dyn PhysicalExpr>| expr.evaluate(batch)?.into_array(rows);
        let keys = self.partition_by.iter().map(key).collect::<Result<Vec<_>>>()?;
        let mut numbers = Vec::with_capacity(rows);
        if rows > 0 {
            let mut before = self.before(&keys)?;
            for range in partition(&keys)?.ranges() {
                numbers.extend((before + 1..).take(range.len()));
                before = 0;
            }
            let last = keys.iter().map(|keys| keys.slice(rows - 1, 1)).collect();
            self.last = numbers.last().map(|number| (last, *number));
        }
        let columns = batch.columns().iter().cloned().chain([Arc::new(UInt64Array::from(numbers)) as ArrayRef]);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns.collect())?)
    }

    /// How many rows of the first one's partition came before.
    fn before(&self, keys: &[ArrayRef]) -> Result<u64> {
        let Some((last, number)) = &self.last else { return Ok(0) };
        let pair = |(last, next): (&ArrayRef, &ArrayRef)| concat(&[last.as_ref(), next.slice(0, 1).as_ref()]);
        let pairs = last.iter().zip(keys).map(pair).collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(if partition(&pairs)?.len() == 1 { *number } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
    use datafusion::physical_expr::expressions::col;

    use crate::tests::{Double, manifest, parquet};

    #[test]
    fn a_partition_goes_on_in_the_next_batch_and_null_is_one() {
        let field = |name, ty| Field::new(name, ty, true);
        let input = Arc::new(Schema::new(vec![field("k", DataType::Utf8), field("l", DataType::Int64)]));
        let fields = input.fields().iter().cloned().chain([Arc::new(field("n", DataType::UInt64))]);
        let partition_by = vec![col("k", &input).unwrap(), col("l", &input).unwrap()];
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut count = Count { partition_by, schema, last: None };
        let mut numbers = |keys: &[(Option<&str>, i64)]| {
            let texts: ArrayRef = Arc::new(keys.iter().map(|(text, _)| *text).collect::<StringArray>());
            let longs: ArrayRef = Arc::new(keys.iter().map(|(_, long)| Some(*long)).collect::<Int64Array>());
            let batch = RecordBatch::try_new(Arc::clone(&input), vec![texts, longs]).unwrap();
            let numbered = count.numbered(&batch).unwrap();
            numbered.column(2).as_primitive::<UInt64Type>().values().to_vec()
        };
        assert_eq!(numbers(&[(Some("a"), 1), (Some("a"), 1), (Some("b"), 1)]), [1, 2, 1]);
        assert_eq!(numbers(&[(Some("b"), 1)]), [2]);
        assert_eq!(numbers(&[]), [0; 0]);
        assert_eq!(numbers(&[(Some("b"), 1), (Some("b"), 2), (None, 2)]), [3, 1, 1]);
        assert_eq!(numbers(&[(None, 2), (None, 3)]), [2, 1]);
    }

    #[tokio::test]
    async fn rows_of_many_batches_are_numbered_in_their_order() {
        let double = Double::new();
        double.run("CREATE TABLE t (id bigint, k bigint)").await;
        let ids = || (0..30_000_i64).rev();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from_iter_values(ids()))),
            ("k", Arc::new(Int64Array::from_iter_values(ids().map(|id| id / 7)))),
        ];
        let file = parquet(columns);
        double.put("s3://b/m", manifest(&[("s3://b/f.parquet", file.len())]));
        double.put("s3://b/f.parquet", file);
        double.run("COPY t FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET MANIFEST").await;
        let wrong = "SELECT COUNT(*), COUNT(CASE WHEN n <> id % 7 + 1 THEN 1 END) \
                     FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id) AS n FROM t) AS numbered";
        assert_eq!(double.value(wrong).await, "30000|0");
    }
}
