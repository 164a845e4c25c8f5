//! What Redshift calls the columns of a result, as PostgreSQL does: by name, by function, else `?column?`.

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr};

use crate::name::folded;

/// The labels of a select list; `None` stands for the columns of a `*`.
pub(super) fn labels(query: &Query) -> Vec<Option<String>> {
    select_list(&query.body).iter().map(item).collect()
}

/// The engine's names, with the labels in their places. Columns of a `*` keep the names that they have.
pub(super) fn named(labels: &[Option<String>], engine: Vec<String>) -> Vec<String> {
    let stars = labels.iter().filter(|label| label.is_none()).count();
    if stars > 1 {
        return engine;
    }
    let count = engine.len();
    let before = labels.iter().take_while(|label| label.is_some()).count();
    let after = labels.len().saturating_sub(before + stars);
    let label = |at: usize| match at {
        at if at < before => labels.get(at),
        at if at + after >= count => labels.get((at + labels.len()).saturating_sub(count)),
        _ => None,
    };
    let name = |(at, name)| label(at).and_then(Option::clone).unwrap_or(name);
    engine.into_iter().enumerate().map(name).collect()
}

/// Gives every repetition in a select list a name of its own: Redshift takes `SELECT 1, 1`, the engine does not. Labels
/// are taken before.
pub(super) fn told_apart(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            let mut seen = BTreeSet::new();
            for (at, item) in select.projection.iter_mut().enumerate() {
                let (expr, name) = match item {
                    // The engine calls every subquery the same.
                    SelectItem::UnnamedExpr(expr @ Expr::Subquery(_)) => (&*expr, "subquery".to_owned()),
                    SelectItem::UnnamedExpr(expr) => (&*expr, expr.to_string()),
                    SelectItem::ExprWithAlias { expr, alias } => (&*expr, alias.value.to_lowercase()),
                    _ => continue,
                };
                if !seen.insert(name) {
                    let alias = Ident::with_quote('"', format!("repeated {at}"));
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                }
            }
        }
        SetExpr::Query(query) => told_apart(&mut query.body),
        SetExpr::SetOperation { left, right, .. } => {
            told_apart(left);
            told_apart(right);
        }
        _ => {}
    }
}

fn select_list(body: &SetExpr) -> &[SelectItem] {
    match body {
        SetExpr::Select(select) => &select.projection,
        SetExpr::Query(query) => select_list(&query.body),
        SetExpr::SetOperation { left, .. } => select_list(left),
        _ => &[],
    }
}

fn item(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(expr) => Some(name(expr).unwrap_or_else(|| "?column?".to_owned())),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias).unwrap_or_else(|_| alias.value.to_lowercase())),
        _ => None,
    }
}

fn name(expr: &Expr) -> Option<String> {
    Some(match expr {
        Expr::Identifier(ident) => ident.value.to_lowercase(),
        Expr::CompoundIdentifier(parts) => parts.last()?.value.to_lowercase(),
        Expr::Function(function) => function.name.to_string().to_lowercase(),
        Expr::Nested(inner) => return name(inner),
        Expr::Cast { expr, data_type, .. } => {
            return name(expr).or_else(|| Some(crate::types::Type::of_sql(data_type).ok()?.wire_name().to_owned()));
        }
        Expr::TypedString(typed) => crate::types::Type::of_sql(&typed.data_type).ok()?.wire_name().to_owned(),
        Expr::AtTimeZone { .. } => "timezone".to_owned(),
        Expr::Case { .. } => "case".to_owned(),
        Expr::Extract { .. } => "date_part".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Trim { .. } => "btrim".to_owned(),
        Expr::Position { .. } => "position".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_star_keeps_the_names_of_its_columns() {
        let engine = ["x", "a", "b", "y"].map(str::to_owned).to_vec();
        assert_eq!(named(&[some("first"), None, some("last")], engine), ["first", "a", "b", "last"]);
    }

    #[test]
    fn labels_stand_in_order() {
        assert_eq!(named(&[some("n"), some("?column?")], vec!["1".into(), "2".into()]), ["n", "?column?"]);
    }
}
