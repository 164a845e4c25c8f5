//! One expression at a time, from the inside out: known, and put so that the engine answers as Redshift does.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, UnaryOperator, Value,
};

use super::Session;
use super::known::{self, Known};
use super::translate::fold;
use crate::error::{SqlError, SqlResult};
use crate::text;
use crate::types::Type;

/// Checks and rewrites one expression whose parts are done.
pub(super) fn translate(expr: &mut Expr, session: &Session) -> SqlResult<()> {
    let replacement = match expr {
        Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("sysdate") => {
            Some(moment(session.started, Type::Timestamp))
        }
        Expr::Identifier(ident) => {
            fold(ident)?;
            None
        }
        Expr::CompoundIdentifier(parts) => {
            parts.iter_mut().try_for_each(fold)?;
            None
        }
        Expr::Value(value) => {
            literal(&value.value)?;
            long_number(&value.value)?
        }
        Expr::TypedString(typed) if !typed.uses_odbc_syntax => {
            let ty = Type::of_sql(&typed.data_type)?;
            literal(&typed.value.value)?;
            Some(cast(Expr::Value(typed.value.clone()), ty))
        }
        Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, array: false, format: None } => {
            Some(cast(take(expr), Type::of_sql(data_type)?))
        }
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(call(known::AT_TIME_ZONE, vec![take(timestamp), take(time_zone)]))
        }
        Expr::BinaryOp { left, op, right } => {
            operator(op)?.map(|function| call(function, vec![operand(left), operand(right)]))
        }
        Expr::Function(function) => function_call(function, session)?,
        ref other => shape(other).map(|()| None)?,
    };
    if let Some(replacement) = replacement {
        *expr = replacement;
    }
    Ok(())
}

/// An operand of arithmetic. The engine takes a written integer for a bigint, Redshift for an integer where it fits.
fn operand(expr: &mut Expr) -> Expr {
    match expr {
        Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits.parse::<i32>().is_ok()) => {
            cast(take(expr), Type::Integer)
        }
        _ => take(expr),
    }
}

/// The expressions that mean the same here and there.
fn shape(expr: &Expr) -> SqlResult<()> {
    let known = match expr {
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Position { .. }
        | Expr::Nested(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_) => true,
        Expr::UnaryOp { op, .. } => matches!(op, UnaryOperator::Minus | UnaryOperator::Plus | UnaryOperator::Not),
        Expr::Like { any, .. } | Expr::ILike { any, .. } => !any,
        Expr::Substring { special, .. } => !special,
        Expr::Trim { trim_characters, .. } => trim_characters.is_none(),
        Expr::Extract { field, .. } => matches!(
            field,
            DateTimeField::Year
                | DateTimeField::Month
                | DateTimeField::Day
                | DateTimeField::Hour
                | DateTimeField::Minute
        ),
        _ => false,
    };
    if known { Ok(()) } else { Err(SqlError::unknown(format!("the expression {expr}"))) }
}

fn literal(value: &Value) -> SqlResult<()> {
    match value {
        Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => Ok(()),
        other => Err(SqlError::unknown(format!("the literal {other}"))),
    }
}

/// A written integer that no bigint holds is a decimal; the engine would take it for an integer without a sign.
fn long_number(value: &Value) -> SqlResult<Option<Expr>> {
    match value {
        Value::Number(digits, _)
            if digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<i64>().is_err() =>
        {
            let precision = u8::try_from(digits.len().max(20)).unwrap_or(u8::MAX);
            let ty = Type::Decimal(precision, 0);
            match precision {
                ..=38 => Ok(Some(cast(string(digits), ty))),
                _ => Err(SqlError::unknown(format!("the number {digits}"))),
            }
        }
        _ => Ok(None),
    }
}

/// The function that does what the operator does in Redshift, where the engine's own does otherwise.
fn operator(op: &BinaryOperator) -> SqlResult<Option<&'static str>> {
    use BinaryOperator as B;
    Ok(match op {
        B::Plus => Some(known::ADD),
        B::Minus => Some(known::SUBTRACT),
        B::Multiply => Some(known::MULTIPLY),
        B::Divide => Some(known::DIVIDE),
        B::Modulo => Some(known::REMAINDER),
        B::StringConcat | B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::And | B::Or => None,
        other => return Err(SqlError::unknown(format!("the operator {other}"))),
    })
}

fn function_call(function: &mut Function, session: &Session) -> SqlResult<Option<Expr>> {
    let name = function.name.to_string().to_lowercase();
    let plain = !function.uses_odbc_syntax
        && function.parameters == FunctionArguments::None
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty();
    let known = known::function(&name).filter(|_| plain);
    let known = known.ok_or_else(|| SqlError::unknown(format!("the function {function}")))?;
    let wrong = || SqlError::new(format!("function {name} does not exist with these arguments"));
    if let Known::CurrentDate = known {
        let bare = function.args == FunctionArguments::None && function.over.is_none();
        return if bare { Ok(Some(moment(session.started, Type::Date))) } else { Err(wrong()) };
    }
    let FunctionArguments::List(list) = &mut function.args else { return Err(wrong()) };
    if !list.clauses.is_empty() {
        return Err(SqlError::unknown(format!("the clauses of {name}")));
    }
    let distinct = list.duplicate_treatment.is_some();
    if distinct && !known.is_aggregate() || function.over.is_some() && !known.takes_window() {
        return Err(wrong());
    }
    let args = arguments(list, &known)?;
    if !known.takes(args.len()) {
        return Err(wrong());
    }
    Ok(match known {
        Known::Same { engine, .. } => {
            function.name = ObjectName::from(vec![Ident::new(engine)]);
            None
        }
        Known::Count | Known::Extreme | Known::Window { .. } => None,
        Known::Sum => {
            rewrap(list, known::SUMMAND);
            None
        }
        Known::Average => Some(average(function, &args)),
        Known::Concat => {
            let [left, right] = <[Expr; 2]>::try_from(args).map_err(|_| wrong())?;
            let joined = Expr::BinaryOp { left: left.into(), op: BinaryOperator::StringConcat, right: right.into() };
            Some(Expr::Nested(joined.into()))
        }
        Known::Now => Some(moment(whole_seconds(session.now), Type::Timestamp)),
        Known::LastCopyCount => Some(cast(number(session.last_copy_rows), Type::BigInt)),
        Known::CurrentDate => None,
    })
}

/// The arguments, which have no names; `*` only in COUNT.
fn arguments(list: &FunctionArgumentList, known: &Known) -> SqlResult<Vec<Expr>> {
    let argument = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr.clone()),
        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if matches!(known, Known::Count) => Ok(number(1)),
        other => Err(SqlError::unknown(format!("the argument {other}"))),
    };
    list.args.iter().map(argument).collect()
}

/// `f(x)` to `f(inner(x))`.
fn rewrap(list: &mut FunctionArgumentList, inner: &str) {
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
            *expr = call(inner, vec![take(expr)]);
        }
    }
}

/// AVG truncates integers: the sum, the count and a sample, whose type says what to answer.
fn average(function: &Function, args: &[Expr]) -> Expr {
    let part = |name: &str, args: Vec<Expr>| {
        let mut part = function.clone();
        part.name = ObjectName::from(vec![Ident::new(name)]);
        if let FunctionArguments::List(list) = &mut part.args {
            list.args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
        }
        Expr::Function(part)
    };
    let summands = args.iter().map(|arg| call(known::SUMMAND, vec![arg.clone()])).collect();
    call(known::AVERAGE_OF, vec![part("sum", summands), part("count", args.to_vec()), part("min", args.to_vec())])
}

/// GETDATE() is the start of the statement and has no fraction of a second; SYSDATE is the start of the transaction and
/// has one (Developer Guide, by its text and its samples).
fn whole_seconds(at: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    use chrono::Timelike;
    at.with_nanosecond(0).unwrap_or(at)
}

fn moment(at: chrono::DateTime<chrono::Utc>, ty: Type) -> Expr {
    let text = match ty {
        Type::Date => at.format("%Y-%m-%d").to_string(),
        _ => text::timestamp(at.naive_utc()),
    };
    cast(string(&text), ty)
}

fn number(value: i64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).into())
}

fn string(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

fn cast(expr: Expr, ty: Type) -> Expr {
    call(known::CAST, vec![expr, string(&ty.to_string())])
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.into()))
}
