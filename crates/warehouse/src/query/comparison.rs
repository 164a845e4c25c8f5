//! Comparisons as Redshift makes them.
//!
//! - Trailing blanks are ignored when texts are compared, grouped or de-duplicated (facts/redshift-sql.md, unlike
//!   PostgreSQL). The engine is given texts without them: in `= <> < <= > >=`, BETWEEN, IN, CASE, joins,
//!   `COUNT(DISTINCT …)`, PARTITION BY, GROUP BY, DISTINCT and UNION. A group answers one of its texts as it stands.
//! - A written text that is compared with something else becomes a value of its type, or fails in Redshift's words.
//! - What is not known of a type that needs care is refused first (`kind.rs`).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::expr::{AggregateFunction, Case, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Subquery,
};
use datafusion::optimizer::AnalyzerRule;

use super::blanks::trimmed;
use super::kind;
use crate::cast::cast;
use crate::types::Type;

/// The rule. It stands before the engine's own rules, so that these see the rewritten comparisons.
#[derive(Debug)]
pub(super) struct CompareAsRedshift;

impl AnalyzerRule for CompareAsRedshift {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = plan.transform_up_with_subqueries(|node| {
            let node = compared(node)?;
            grouped(node).map(Transformed::yes)
        })?;
        Ok(plan.data)
    }

    fn name(&self) -> &str {
        "compare_as_redshift"
    }
}

fn is_text(expr: &Expr, schema: &DFSchema) -> Result<bool> {
    Ok(matches!(expr.get_type(schema)?, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8))
}

/// Whether values may have trailing blanks: a char's are not kept.
fn may_have_blanks(expr: &Expr, schema: &DFSchema) -> Result<bool> {
    let is_char = matches!(Type::of_field(&expr.to_field(schema)?.1), Ok(Type::Char(_)));
    Ok(!is_char && is_text(expr, schema)?)
}

fn trim(expr: &mut Expr) {
    *expr = trimmed(std::mem::take(expr));
}

/// A written text as a value of the type that it is compared with.
fn give_type(expr: &mut Expr, like: &DataType) -> Result<()> {
    if let Expr::Literal(text @ ScalarValue::Utf8(Some(_)), _) = expr {
        let ty = Type::of_field(&Field::new("", like.clone(), true))?;
        let value = cast(&text.to_array()?, ty)?;
        *expr = Expr::Literal(ScalarValue::try_from_array(&value, 0)?, None);
    }
    Ok(())
}

/// The node with all comparisons inside its expressions rewritten.
fn compared(plan: LogicalPlan) -> Result<LogicalPlan> {
    kind::check_node(&plan)?;
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let plan = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let rewritten = expr.transform_up(|expr| comparison(expr, &schema))?;
        Ok(rewritten.update_data(|expr| name.restore(expr)))
    })?;
    let plan = match plan.data {
        LogicalPlan::Join(mut join) => {
            for (left, right) in &mut join.on {
                if is_text(left, &schema)? && is_text(right, &schema)? {
                    trim(left);
                    trim(right);
                }
            }
            LogicalPlan::Join(join)
        }
        other => other,
    };
    plan.recompute_schema()
}

fn comparison(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    use Operator as O;
    let text = |expr: &Expr| is_text(expr, schema);
    kind::check(&expr, schema)?;
    Ok(Transformed::yes(match expr {
        Expr::BinaryExpr(binary) if matches!(binary.op, O::Eq | O::NotEq | O::Lt | O::LtEq | O::Gt | O::GtEq) => {
            Expr::BinaryExpr(two_sides(binary, schema)?)
        }
        Expr::Between(mut between) if !text(&between.expr)? => {
            let ty = between.expr.get_type(schema)?;
            give_type(&mut between.low, &ty)?;
            give_type(&mut between.high, &ty)?;
            Expr::Between(between)
        }
        Expr::InList(mut list) if !text(&list.expr)? => {
            let ty = list.expr.get_type(schema)?;
            list.list.iter_mut().try_for_each(|item| give_type(item, &ty))?;
            Expr::InList(list)
        }
        Expr::Between(mut between) => {
            trim(&mut between.expr);
            trim(&mut between.low);
            trim(&mut between.high);
            Expr::Between(between)
        }
        Expr::InList(mut list) => {
            trim(&mut list.expr);
            list.list.iter_mut().for_each(trim);
            Expr::InList(list)
        }
        Expr::InSubquery(query) if text(&query.expr)? => Expr::InSubquery(in_subquery(query)?),
        Expr::Case(Case { expr: Some(mut base), mut when_then_expr, else_expr }) if text(&base)? => {
            trim(&mut base);
            when_then_expr.iter_mut().for_each(|(when, _)| trim(when));
            Expr::Case(Case::new(Some(base), when_then_expr, else_expr))
        }
        Expr::AggregateFunction(AggregateFunction { func, mut params }) if params.distinct => {
            for arg in &mut params.args {
                if text(arg)? {
                    trim(arg);
                }
            }
            Expr::AggregateFunction(AggregateFunction { func, params })
        }
        Expr::WindowFunction(mut window) => {
            for part in &mut window.params.partition_by {
                if text(part)? {
                    trim(part);
                }
            }
            Expr::WindowFunction(window)
        }
        other => return Ok(Transformed::no(other)),
    }))
}

fn two_sides(mut binary: BinaryExpr, schema: &DFSchema) -> Result<BinaryExpr> {
    match (is_text(&binary.left, schema)?, is_text(&binary.right, schema)?) {
        (true, true) => {
            trim(&mut binary.left);
            trim(&mut binary.right);
        }
        (false, true) => give_type(&mut binary.right, &binary.left.get_type(schema)?)?,
        (true, false) => give_type(&mut binary.left, &binary.right.get_type(schema)?)?,
        (false, false) => {}
    }
    Ok(binary)
}

fn in_subquery(query: InSubquery) -> Result<InSubquery> {
    let InSubquery { mut expr, subquery, negated } = query;
    trim(&mut expr);
    let plan = Arc::unwrap_or_clone(subquery.subquery);
    let columns = plan.schema().columns().into_iter().map(|column| {
        let name = column.name.clone();
        trimmed(Expr::Column(column)).alias(name)
    });
    let columns: Vec<Expr> = columns.collect();
    let plan = LogicalPlanBuilder::from(plan).project(columns)?.build()?;
    let subquery = Subquery { subquery: Arc::new(plan), ..subquery };
    Ok(InSubquery::new(expr, subquery, negated))
}

/// A grouping by texts as a grouping by trimmed texts; DISTINCT is a grouping by everything.
fn grouped(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => grouped_by_trimmed(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
            let aggregate = Aggregate::try_new(Arc::clone(&input), columns, Vec::new())?;
            match has_text_group(&aggregate)? {
                true => grouped_by_trimmed(aggregate),
                false => Ok(LogicalPlan::Distinct(Distinct::All(input))),
            }
        }
        other => Ok(other),
    }
}

fn has_text_group(aggregate: &Aggregate) -> Result<bool> {
    let schema = aggregate.input.schema();
    Ok(aggregate
        .group_expr
        .iter()
        .map(|expr| may_have_blanks(expr, schema))
        .collect::<Result<Vec<_>>>()?
        .contains(&true))
}

fn grouped_by_trimmed(aggregate: Aggregate) -> Result<LogicalPlan> {
    if !has_text_group(&aggregate)? {
        return Ok(LogicalPlan::Aggregate(aggregate));
    }
    let Aggregate { input, group_expr, aggr_expr, schema, .. } = aggregate;
    let (mut groups, mut samples) = (Vec::new(), Vec::new());
    for (at, expr) in group_expr.into_iter().enumerate() {
        let plain = expr.clone().unalias();
        if may_have_blanks(&expr, input.schema())? {
            groups.push(trimmed(plain.clone()).alias(group_name(at)));
            samples.push(min(plain).alias(sample_name(at)));
        } else {
            groups.push(plain.alias(group_name(at)));
        }
    }
    let sampled: Vec<String> = samples.iter().map(|sample| sample.schema_name().to_string()).collect();
    let (group_count, aggregates) = (groups.len(), aggr_expr.iter().cloned().chain(samples).collect());
    let plan = LogicalPlan::Aggregate(Aggregate::try_new(input, groups, aggregates)?);
    let restored = schema.iter().enumerate().map(|(at, (qualifier, field))| {
        let from = match at {
            at if at >= group_count => return Expr::Column(Column::from((qualifier, field))),
            at if sampled.contains(&sample_name(at)) => sample_name(at),
            at => group_name(at),
        };
        Expr::Column(Column::new_unqualified(from)).alias_qualified(qualifier.cloned(), field.name())
    });
    let restored: Vec<Expr> = restored.collect();
    LogicalPlanBuilder::from(plan).project(restored)?.build()
}

fn group_name(at: usize) -> String {
    format!("__group_{at}")
}

fn sample_name(at: usize) -> String {
    format!("__sample_{at}")
}
