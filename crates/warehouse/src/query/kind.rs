//! What may be done with values whose types the engine does not tell apart, or treats otherwise than Redshift: super,
//! varbyte, time, timestamptz and char. What is not known to be the same is refused by name.

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{ScalarFunction, WindowFunction};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan, Operator};

use super::known;
use crate::error::SqlError;
use crate::types::Type;

/// Engine functions that count a char's bytes or look at its end: Redshift's see its trailing blanks.
const SEE_BLANKS: &[&str] = &["octet_length", "right"];

/// Refuses an expression, not those inside it.
pub(super) fn check(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
            compare(&[&*binary.left, &*binary.right], &format!("{}", binary.op), schema)
        }
        Expr::Between(between) => compare(&[&*between.expr, &*between.low, &*between.high], "BETWEEN", schema),
        Expr::InList(list) => {
            let sides: Vec<&Expr> = std::iter::once(&*list.expr).chain(&list.list).collect();
            compare(&sides, "IN", schema)
        }
        Expr::AggregateFunction(aggregate) => match aggregate.func.name() {
            "count" if !aggregate.params.distinct => Ok(()),
            name @ ("count" | "min" | "max") => each(&aggregate.params.args, schema, |ty| not_super(ty, name)),
            name => each(&aggregate.params.args, schema, |ty| nothing(ty, name)),
        },
        Expr::ScalarFunction(function) => scalar_function(function, schema),
        Expr::WindowFunction(window) => window_function(window, schema),
        Expr::Like(like) => {
            // A pattern meets a char's trailing blanks.
            let unlike = |ty| if let Type::Char(_) = ty { Err(refused("LIKE", ty)) } else { nothing(ty, "LIKE") };
            each([&*like.expr, &*like.pattern], schema, unlike)
        }
        Expr::InSubquery(query) => {
            let ty = special(&query.expr, schema)?;
            ty.map_or(Ok(()), |ty| nothing(ty, "IN of a query"))
        }
        Expr::Column(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Alias(_)
        | Expr::Literal(..)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::ScalarSubquery(_)
        | Expr::Exists(_) => Ok(()),
        other => {
            let name = other.variant_name();
            other.apply_children(|child| {
                special(child, schema)?.map_or(Ok(()), |ty| nothing(ty, name))?;
                Ok(TreeNodeRecursion::Continue)
            })?;
            Ok(())
        }
    }
}

/// Refuses what a node does by itself: group, sort, join, unite.
pub(super) fn check_node(plan: &LogicalPlan) -> Result<()> {
    let schema = merge_schema(&plan.inputs());
    match plan {
        LogicalPlan::Aggregate(aggregate) => each(&aggregate.group_expr, &schema, |ty| not_super(ty, "GROUP BY")),
        LogicalPlan::Sort(sort) => {
            each(sort.expr.iter().map(|sort| &sort.expr), &schema, |ty| not_super(ty, "ORDER BY"))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => fields(input.schema(), |ty| not_super(ty, "DISTINCT")),
        LogicalPlan::Union(union) => {
            union.inputs.iter().try_for_each(|input| fields(input.schema(), |ty| not_super(ty, "UNION")))
        }
        LogicalPlan::Join(join) => {
            join.on.iter().try_for_each(|(left, right)| compare(&[left, right], "a join", &schema))
        }
        _ => Ok(()),
    }
}

/// The type of an expression, where it is one of those that need care.
fn special(expr: &Expr, schema: &DFSchema) -> Result<Option<Type>> {
    Ok(special_field(&expr.to_field(schema)?.1))
}

fn special_field(field: &FieldRef) -> Option<Type> {
    // Another type of the engine's, inside an expression of its own, is none of Redshift's.
    let ty = Type::of_field(field).ok()?;
    matches!(ty, Type::Super | Type::Varbyte(_) | Type::Time | Type::Timestamptz | Type::Char(_)).then_some(ty)
}

fn each<'a>(
    exprs: impl IntoIterator<Item = &'a Expr>,
    schema: &DFSchema,
    check: impl Fn(Type) -> Result<()>,
) -> Result<()> {
    exprs.into_iter().try_for_each(|expr| special(expr, schema)?.map_or(Ok(()), &check))
}

fn fields(schema: &DFSchema, check: impl Fn(Type) -> Result<()>) -> Result<()> {
    schema.fields().iter().filter_map(special_field).try_for_each(check)
}

fn refused(operation: &str, ty: Type) -> datafusion::error::DataFusionError {
    SqlError::unknown(format!("{operation} of {}", ty.name())).into()
}

/// A char is a text nearly everywhere.
fn nothing(ty: Type, operation: &str) -> Result<()> {
    if let Type::Char(_) = ty { Ok(()) } else { Err(refused(operation, ty)) }
}

/// The others are ordered, each among its own.
fn not_super(ty: Type, operation: &str) -> Result<()> {
    if ty == Type::Super { Err(refused(operation, ty)) } else { Ok(()) }
}

fn is_comparison(operator: Operator) -> bool {
    use Operator as O;
    matches!(operator, O::Eq | O::NotEq | O::Lt | O::LtEq | O::Gt | O::GtEq)
}

/// Compared are values of one type, or with a written text that becomes one of it.
fn compare(sides: &[&Expr], operation: &str, schema: &DFSchema) -> Result<()> {
    let mut types = Vec::with_capacity(sides.len());
    for side in sides {
        let is_literal = matches!(side, Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::Null, _));
        types.push((Type::of_field(&side.to_field(schema)?.1).ok(), is_literal));
    }
    let first = types
        .iter()
        .filter_map(|(ty, _)| *ty)
        .find(|ty| matches!(ty, Type::Super | Type::Varbyte(_) | Type::Time | Type::Timestamptz));
    let Some(first) = first else { return Ok(()) };
    not_super(first, operation)?;
    let same = |ty: Type| std::mem::discriminant(&ty) == std::mem::discriminant(&first);
    let becomes_one = !matches!(first, Type::Varbyte(_));
    let fits = |(ty, is_literal): &(Option<Type>, bool)| ty.is_some_and(same) || (*is_literal && becomes_one);
    if types.iter().all(fits) { Ok(()) } else { Err(refused(&format!("{operation} with another type"), first)) }
}

fn scalar_function(function: &ScalarFunction, schema: &DFSchema) -> Result<()> {
    let name = function.func.name();
    if known::is_own(name) {
        return Ok(());
    }
    each(&function.args, schema, |ty| match ty {
        Type::Char(_) if SEE_BLANKS.contains(&name) => Err(refused(name, ty)),
        ty => nothing(ty, name),
    })
}

fn window_function(window: &WindowFunction, schema: &DFSchema) -> Result<()> {
    let (name, params) = (window.fun.name(), &window.params);
    each(&params.partition_by, schema, |ty| not_super(ty, "PARTITION BY"))?;
    each(params.order_by.iter().map(|sort| &sort.expr), schema, |ty| not_super(ty, "ORDER BY"))?;
    each(&params.args, schema, |ty| nothing(ty, name))
}
