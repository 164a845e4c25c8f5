//! A query of Redshift's into the query that the engine plans: names folded, what Redshift lacks refused, what it does
//! otherwise replaced (expressions: see `expression.rs`).

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, LimitClause, ObjectName, ObjectNamePart,
    OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier,
    TableAlias, TableFactor, TableWithJoins, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::Session;
use super::expression;
use crate::error::{SqlError, SqlResult};
use crate::name::{TableName, folded};
use crate::system;

/// A relation that a query reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// A table of a user's.
    Table(TableName),
    /// A view of the system's.
    System(&'static str),
}

/// Whether VALUES may stand where the query stands: only INSERT takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// After INSERT.
    Insert,
    /// Anywhere else.
    Elsewhere,
}

/// Rewrites the query in place and says which relations it reads.
pub(crate) fn translate(query: &mut Query, place: Place, session: &Session) -> SqlResult<BTreeSet<Relation>> {
    let mut translation = Translation { session, place, common_tables: BTreeSet::new(), relations: Vec::new() };
    match query.visit(&mut translation) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => {
            let Translation { relations, common_tables, .. } = translation;
            let is_common = |name: &ObjectName| match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => common_tables.contains(&name.value),
                _ => false,
            };
            relations.iter().filter(|name| !is_common(name)).map(relation).collect()
        }
    }
}

/// What a folded name stands for. A system view needs no schema, or `pg_catalog`.
pub(crate) fn relation(name: &ObjectName) -> SqlResult<Relation> {
    let table = TableName::of(name)?;
    let bare = name.0.len() == 1;
    match system::view(&table.name) {
        Some(view) if bare || table.schema == "pg_catalog" => Ok(Relation::System(view)),
        _ => Ok(Relation::Table(table)),
    }
}

struct Translation<'a> {
    session: &'a Session,
    place: Place,
    common_tables: BTreeSet<String>,
    relations: Vec<ObjectName>,
}

/// The same name, folded; quoted, so that the engine does not fold it again.
pub(super) fn fold(ident: &mut Ident) -> SqlResult<()> {
    *ident = Ident::with_quote('"', folded(ident)?);
    Ok(())
}

fn fold_all(name: &mut ObjectName) -> SqlResult<()> {
    for part in &mut name.0 {
        match part {
            ObjectNamePart::Identifier(ident) => fold(ident)?,
            ObjectNamePart::Function(function) => return Err(SqlError::unknown(format!("the name {function}"))),
        }
    }
    Ok(())
}

fn fold_alias(alias: &mut Option<TableAlias>) -> SqlResult<()> {
    let Some(alias) = alias else { return Ok(()) };
    if alias.at.is_some() {
        return Err(SqlError::unknown("AT in FROM"));
    }
    fold(&mut alias.name)?;
    for column in &mut alias.columns {
        fold(&mut column.name)?;
    }
    Ok(())
}

fn flow(result: SqlResult<()>) -> ControlFlow<SqlError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

/// Fails with the name of the first clause that is there.
fn refuse(clauses: &[(bool, &str)]) -> SqlResult<()> {
    match clauses.iter().find(|(there, _)| *there) {
        Some((_, clause)) => Err(SqlError::unknown(clause)),
        None => Ok(()),
    }
}

impl VisitorMut for Translation<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        flow(self.query(query))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        flow(select_clauses(select))
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
        flow(table_factor(factor))
    }

    fn pre_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<SqlError> {
        let folded = fold_all(name);
        self.relations.push(name.clone());
        flow(folded)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        flow(expression::translate(expr, self.session))
    }
}

impl Translation<'_> {
    fn query(&mut self, query: &mut Query) -> SqlResult<()> {
        refuse(&[
            (query.fetch.is_some(), "FETCH"),
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT in a query"),
            (!query.pipe_operators.is_empty(), "|>"),
        ])?;
        if let Some(with) = &mut query.with {
            refuse(&[(with.recursive, "WITH RECURSIVE")])?;
            for table in &mut with.cte_tables {
                refuse(&[(table.from.is_some() || table.materialized.is_some(), "MATERIALIZED")])?;
                fold(&mut table.alias.name)?;
                for column in &mut table.alias.columns {
                    fold(&mut column.name)?;
                }
                self.common_tables.insert(table.alias.name.value.clone());
            }
        }
        if let Some(order) = &query.order_by {
            let plain =
                matches!(&order.kind, OrderByKind::Expressions(list) if list.iter().all(|e| e.with_fill.is_none()));
            refuse(&[(!plain || order.interpolate.is_some(), "this ORDER BY")])?;
        }
        if let Some(limit) = &query.limit_clause {
            let plain = matches!(limit, LimitClause::LimitOffset { limit_by, .. } if limit_by.is_empty());
            refuse(&[(!plain, "this LIMIT")])?;
        }
        // Only the outermost query can be an INSERT's.
        let place = std::mem::replace(&mut self.place, Place::Elsewhere);
        set_expression(&query.body, place)
    }
}

fn set_expression(body: &SetExpr, place: Place) -> SqlResult<()> {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) => Ok(()),
        SetExpr::SetOperation { op, set_quantifier, left, right } => {
            let known = match (op, set_quantifier) {
                (SetOperator::Union, SetQuantifier::All) => true,
                (SetOperator::Minus, _) => false,
                (_, SetQuantifier::None | SetQuantifier::Distinct) => true,
                _ => false,
            };
            refuse(&[(!known, "this set operation")])?;
            set_expression(left, Place::Elsewhere)?;
            set_expression(right, Place::Elsewhere)
        }
        SetExpr::Values(values) if place == Place::Insert && !values.explicit_row && !values.value_keyword => Ok(()),
        SetExpr::Values(_) => Err(SqlError::new("syntax error at or near \"VALUES\"")),
        _ => Err(SqlError::unknown("a statement inside a query")),
    }
}

fn select_clauses(select: &mut Select) -> SqlResult<()> {
    let plain_group = matches!(&select.group_by, GroupByExpr::Expressions(_, modifiers) if modifiers.is_empty());
    refuse(&[
        (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
        (select.select_modifiers.is_some() || !select.optimizer_hints.is_empty(), "a hint"),
        (select.top.is_some(), "TOP"),
        (select.exclude.is_some(), "EXCLUDE"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!plain_group, "this GROUP BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (!select.named_window.is_empty(), "WINDOW"),
        (select.value_table_mode.is_some(), "SELECT AS"),
    ])?;
    let mut names = BTreeSet::new();
    for (at, item) in select.projection.iter_mut().enumerate() {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                // The engine wants every column of a list to have its own name; the result's labels are set afterwards.
                if !names.insert(expr.to_string().to_lowercase()) {
                    let alias = Ident::with_quote('"', format!("__column_{at}"));
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                }
            }
            SelectItem::ExprWithAlias { alias, .. } => fold(alias)?,
            SelectItem::Wildcard(options) => plain_wildcard(options)?,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                plain_wildcard(options)?;
                fold_all(name)?;
            }
            other => return Err(SqlError::unknown(format!("{other} in a select list"))),
        }
    }
    select.from.iter_mut().try_for_each(joins)
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> SqlResult<()> {
    let plain = WildcardAdditionalOptions { wildcard_token: options.wildcard_token.clone(), ..Default::default() };
    refuse(&[(*options != plain, "an option of *")])
}

fn joins(from: &mut TableWithJoins) -> SqlResult<()> {
    for join in &mut from.joins {
        use JoinOperator as J;
        let constraint = match &mut join.join_operator {
            J::Join(constraint)
            | J::Inner(constraint)
            | J::Left(constraint)
            | J::LeftOuter(constraint)
            | J::Right(constraint)
            | J::RightOuter(constraint)
            | J::FullOuter(constraint)
            | J::CrossJoin(constraint) => constraint,
            _ => return Err(SqlError::unknown("this kind of join")),
        };
        refuse(&[(join.global, "GLOBAL JOIN")])?;
        match constraint {
            JoinConstraint::On(_) | JoinConstraint::None => {}
            JoinConstraint::Using(columns) => columns.iter_mut().try_for_each(fold_all)?,
            JoinConstraint::Natural => return Err(SqlError::unknown("NATURAL JOIN")),
        }
    }
    Ok(())
}

fn table_factor(factor: &mut TableFactor) -> SqlResult<()> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => {
            let plain = args.is_none()
                && with_hints.is_empty()
                && version.is_none()
                && !*with_ordinality
                && partitions.is_empty()
                && json_path.is_none()
                && sample.is_none()
                && index_hints.is_empty();
            refuse(&[(!plain, &format!("what follows {name}"))])?;
            fold_alias(alias)
        }
        TableFactor::Derived { lateral, alias, sample, .. } => {
            refuse(&[(*lateral, "LATERAL"), (sample.is_some(), "TABLESAMPLE")])?;
            fold_alias(alias)
        }
        TableFactor::NestedJoin { table_with_joins, alias } => {
            joins(table_with_joins)?;
            fold_alias(alias)
        }
        other => Err(SqlError::unknown(format!("{other} in FROM"))),
    }
}
