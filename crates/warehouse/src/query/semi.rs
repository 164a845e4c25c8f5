//! Whether a row is on the other side of a join, which is asked once for each key.
//!
//! EXISTS and IN ask whether there is a row, not how many: the engine goes through all that match nevertheless. Where a
//! million rows have one key, as those of a partition have, that is a product; so they are made one before.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// The rule. It stands behind the engine's own rules, which make joins of subqueries.
#[derive(Debug)]
pub(super) struct EachKeyOnce;

/// What the keys are called on the side that is asked.
const KEY: &str = "__asked_key_";

impl OptimizerRule for EachKeyOnce {
    fn name(&self) -> &str {
        "each_key_once"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(mut join) = plan else { return Ok(Transformed::no(plan)) };
        let asks = matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) && !join.null_aware;
        // A further condition may need each of the rows.
        if !asks || join.on.is_empty() || join.filter.is_some() || join.on.iter().all(|(_, key)| is_done(key)) {
            return Ok(Transformed::no(LogicalPlan::Join(join)));
        }
        let mut keys = Vec::with_capacity(join.on.len());
        for (at, (_, key)) in join.on.iter_mut().enumerate() {
            let name = format!("{KEY}{at}");
            keys.push(std::mem::take(key).alias(&name));
            *key = Expr::Column(Column::new_unqualified(name));
        }
        join.right = Arc::new(LogicalPlan::Aggregate(Aggregate::try_new(join.right, keys, Vec::new())?));
        Ok(Transformed::yes(LogicalPlan::Join(join)))
    }
}

fn is_done(key: &Expr) -> bool {
    matches!(key, Expr::Column(column) if column.name.starts_with(KEY))
}

#[cfg(test)]
mod tests {
    use super::super::{Engine, Part, Place, Prepared, Relation, Rows, Scope, Session};
    use super::*;
    use crate::statement::{Statement, tokens};
    use crate::system::longs;

    /// The engine's plan of a query over `t`, which has the columns `a` and `b`.
    fn plan(sql: &str) -> String {
        let Statement::Select(query) = Statement::parse(tokens(sql).unwrap()).unwrap() else { panic!("{sql}") };
        let now = chrono::DateTime::UNIX_EPOCH;
        let session = Session { started: now, now, last_copy_rows: 0 };
        let prepared = Prepared::of(*query, Place::Elsewhere, &session).unwrap();
        let column = |name| crate::types::Type::BigInt.field(name);
        let schema = Arc::new(arrow::datatypes::Schema::new(vec![column("a"), column("b")]));
        let columns = vec![longs([Some(1)].into_iter()), longs([Some(2)].into_iter())];
        let batch = arrow::array::RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let rows = Rows::new(schema, vec![Part { batch, kept: None }]);
        let scope: Scope =
            prepared.relations.iter().map(|relation: &Relation| (relation.clone(), rows.clone())).collect();
        let engine = Engine::new();
        let plan = engine.plan(prepared.query, &scope).unwrap();
        engine.state.optimize(&plan).unwrap().to_string()
    }

    #[test]
    fn what_exists_and_in_ask_for_is_one_row_a_key() {
        for condition in ["EXISTS (SELECT 1 FROM t AS u WHERE u.b = t.a)", "a IN (SELECT b FROM t)"] {
            let plan = plan(&format!("SELECT a FROM t WHERE {condition}"));
            assert!(plan.contains("LeftSemi Join: t.a = __asked_key_0"), "{plan}");
            assert_eq!(plan.matches("Aggregate: groupBy=").count(), 1, "{plan}");
        }
        let plan = plan("SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM t AS u WHERE u.b = t.a)");
        assert!(plan.contains("LeftAnti Join: t.a = __asked_key_0"), "{plan}");
    }

    #[test]
    fn a_further_condition_is_asked_of_every_row() {
        let plan = plan("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.b = t.a AND u.a > t.b)");
        assert!(plan.contains("LeftSemi Join"), "{plan}");
        assert!(!plan.contains(KEY), "{plan}");
    }
}
