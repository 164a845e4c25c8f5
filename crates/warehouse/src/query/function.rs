//! The double's own functions, for what the engine's functions do otherwise than Redshift's.

use std::any::type_name;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Decimal128Type, FieldRef, Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::{known, numeric};
use crate::cast::{at_utc, cast, normalized};
use crate::error::{SqlError, SqlResult};
use crate::json;
use crate::types::{Type, UNTYPED};

/// All of them.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let rules: [Own; 9] = [
        Own::new(known::CAST, cast_type, cast_values),
        Own::new(known::SUMMAND, summand_type, convert),
        Own::new(known::AVERAGE_OF, average_type, average),
        Own::new(known::ROUND, numeric::round_type, numeric::round),
        Own::new(known::ABS, numeric::abs_type, numeric::abs),
        Own::new(known::DATE_TRUNC, truncated_type, truncated),
        Own::new(known::AT_TIME_ZONE, zone_type, |arrays, ty| Ok(at_utc(first(arrays)?, ty))),
        Own::new(known::JSON_PARSE, json_parse_type, json_parse),
        Own::new(known::JSON_SERIALIZE, json_serialize_type, |arrays, _| first(arrays).cloned()),
    ];
    rules.into_iter().map(|own| Arc::new(ScalarUDF::new_from_impl(own))).chain(numeric::operators()).collect()
}

/// The type of an answer: from the arguments' types, and from those that are constants.
pub(super) type TypeOf = fn(&[Type], &[Option<&ScalarValue>]) -> SqlResult<Type>;
/// The values of an answer of the type.
pub(super) type ValuesOf = fn(&[ArrayRef], Type) -> SqlResult<ArrayRef>;

/// A function of the double.
#[derive(Debug, Clone)]
pub(super) struct Own {
    name: &'static str,
    signature: Signature,
    type_of: TypeOf,
    values_of: ValuesOf,
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Own {}

impl std::hash::Hash for Own {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Own {
    /// Volatile, so that the planner neither computes it early nor moves it out of a CASE: a branch that is not taken
    /// must not fail.
    pub fn new(name: &'static str, type_of: TypeOf, values_of: ValuesOf) -> Self {
        Self { name, signature: Signature::variadic_any(Volatility::Volatile), type_of, values_of }
    }
}

impl ScalarUDFImpl for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{} asks return_field_from_args", type_name::<Self>())))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|field| Type::of_field(field)).collect::<SqlResult<Vec<_>>>()?;
        Ok(Arc::new((self.type_of)(&types, args.scalar_arguments)?.field(self.name)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ty = Type::of_field(&args.return_field)?;
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args.args.into_iter().map(|arg| arg.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let values = (self.values_of)(&arrays, ty)?;
        match constant {
            true => Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?)),
            false => Ok(ColumnarValue::Array(values)),
        }
    }
}

fn first(arrays: &[ArrayRef]) -> SqlResult<&ArrayRef> {
    arrays.first().ok_or_else(|| SqlError::internal("a function without arguments"))
}

/// `redshift_cast(value, 'type')`.
fn cast_type(types: &[Type], constants: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    if types.first() == Some(&Type::Super) {
        return Err(SqlError::unknown("a cast of a super; JSON_SERIALIZE writes its text"));
    }
    match constants.get(1) {
        Some(Some(ScalarValue::Utf8(Some(name)))) => name.parse(),
        _ => Err(SqlError::internal("a cast without a type")),
    }
}

fn cast_values(arrays: &[ArrayRef], ty: Type) -> SqlResult<ArrayRef> {
    cast(first(arrays)?, ty)
}

/// `DATE_TRUNC('unit', timestamp)` is a timestamp (Developer Guide). What becomes of a date or a timestamptz is not known
/// to the double.
fn truncated_type(types: &[Type], constants: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match constants.first() {
        Some(Some(ScalarValue::Utf8(Some(unit)))) if UNITS.contains(&unit.as_str()) => {}
        Some(Some(ScalarValue::Utf8(Some(unit)))) => return Err(SqlError::unknown(format!("DATE_TRUNC to '{unit}'"))),
        _ => return Err(SqlError::unknown("DATE_TRUNC to what is no literal")),
    }
    match types.get(1) {
        Some(Type::Timestamp) => Ok(Type::Timestamp),
        Some(ty @ (Type::Date | Type::Timestamptz)) => Err(SqlError::unknown(format!("DATE_TRUNC of {}", ty.name()))),
        other => Err(no_function("date_trunc", other.copied())),
    }
}

/// The date parts that DATE_TRUNC takes here.
const UNITS: &[&str] = &["year", "month", "day", "hour"];

fn truncated(arrays: &[ArrayRef], _: Type) -> SqlResult<ArrayRef> {
    let [unit, moments] = arrays else { return Err(SqlError::internal("DATE_TRUNC without a unit and a timestamp")) };
    let unit = unit.as_string::<i32>().iter().flatten().next().unwrap_or_default().to_owned();
    let start = |moment: NaiveDateTime| {
        let day = match unit.as_str() {
            "year" => moment.date().with_ordinal(1),
            "month" => moment.date().with_day(1),
            _ => Some(moment.date()),
        };
        day?.and_hms_opt(if unit == "hour" { moment.hour() } else { 0 }, 0, 0)
    };
    let moments = moments.as_primitive::<TimestampMicrosecondType>();
    let starts = moments.iter().map(|micros| {
        let moment = DateTime::from_timestamp_micros(micros?)?.naive_utc();
        Some(start(moment)?.and_utc().timestamp_micros())
    });
    Ok(Arc::new(starts.collect::<TimestampMicrosecondArray>()))
}

/// `timestamp AT TIME ZONE 'UTC'` is a moment, and a moment's is a timestamp (Developer Guide).
fn zone_type(types: &[Type], constants: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match constants.get(1) {
        Some(Some(ScalarValue::Utf8(Some(zone)))) if zone.eq_ignore_ascii_case("UTC") => {}
        Some(Some(ScalarValue::Utf8(Some(zone)))) => return Err(SqlError::unknown(format!("AT TIME ZONE '{zone}'"))),
        _ => return Err(SqlError::unknown("AT TIME ZONE of what is no literal")),
    }
    match types.first() {
        Some(Type::Timestamp) => Ok(Type::Timestamptz),
        Some(Type::Timestamptz) => Ok(Type::Timestamp),
        other => Err(no_function("timezone", other.copied())),
    }
}

fn json_parse_type(types: &[Type], _: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match types.first() {
        Some(Type::Varchar(_) | Type::Char(_)) => Ok(Type::Super),
        Some(Type::Varbyte(_)) => Err(SqlError::unknown("JSON_PARSE of a varbyte")),
        other => Err(no_function("json_parse", other.copied())),
    }
}

fn json_parse(arrays: &[ArrayRef], _: Type) -> SqlResult<ArrayRef> {
    let texts = normalized(first(arrays)?)?;
    let values = texts.as_string::<i32>().iter().map(|text| text.map(json::parsed).transpose());
    Ok(Arc::new(values.collect::<SqlResult<StringArray>>()?))
}

fn json_serialize_type(types: &[Type], _: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match types.first() {
        Some(Type::Super) => Ok(UNTYPED),
        other => Err(no_function("json_serialize", other.copied())),
    }
}

fn convert(arrays: &[ArrayRef], ty: Type) -> SqlResult<ArrayRef> {
    Ok(arrow::compute::cast(first(arrays)?, &ty.arrow())?)
}

/// SUM of smallint and integer is bigint, of bigint and decimals numeric(38), of floats double precision.
fn summand_type(types: &[Type], _: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match types.first() {
        Some(Type::SmallInt | Type::Integer) => Ok(Type::BigInt),
        Some(Type::BigInt) => Ok(Type::Decimal(38, 0)),
        Some(Type::Decimal(_, scale)) => Ok(Type::Decimal(38, *scale)),
        Some(Type::Real | Type::Double) => Ok(Type::Double),
        other => Err(no_function("sum", other.copied())),
    }
}

fn no_function(name: &str, ty: Option<Type>) -> SqlError {
    let ty = ty.map_or("", |ty| ty.name());
    SqlError::new(format!("function {name}({ty}) does not exist"))
}

/// AVG of integers is bigint and truncates, of floats double precision; of decimals it is not known.
fn average_type(types: &[Type], _: &[Option<&ScalarValue>]) -> SqlResult<Type> {
    match types.get(2) {
        Some(Type::SmallInt | Type::Integer | Type::BigInt) => Ok(Type::BigInt),
        Some(Type::Real | Type::Double) => Ok(Type::Double),
        Some(Type::Decimal(..)) => {
            Err(SqlError::unknown("AVG of a decimal, whose scale is unverified; cast it to double precision"))
        }
        other => Err(no_function("avg", other.copied())),
    }
}

/// `redshift_average_of(sum, count, sample)`.
fn average(arrays: &[ArrayRef], ty: Type) -> SqlResult<ArrayRef> {
    let (Some(sums), Some(counts)) = (arrays.first(), arrays.get(1)) else {
        return Err(SqlError::internal("an average without sum and count"));
    };
    let counts = normalized(counts)?;
    let counts = counts.as_primitive::<Int64Type>();
    let count = |row: usize| (!sums.is_null(row) && counts.value(row) != 0).then(|| counts.value(row));
    if ty == Type::Double {
        let sums = arrow::compute::cast(sums, &DataType::Float64)?;
        let sums = sums.as_primitive::<Float64Type>();
        // A count of rows stays far below the 2^53 that a double holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "counts of rows in memory are below 2^53")]
        let mean = |row| count(row).map(|count| sums.value(row) / count as f64);
        return Ok(Arc::new((0..sums.len()).map(mean).collect::<arrow::array::Float64Array>()));
    }
    let wide = arrow::compute::cast(sums, &DataType::Decimal128(38, 0))?;
    let wide = wide.as_primitive::<Decimal128Type>();
    let mean = |row| count(row).map(|count| i64::try_from(wide.value(row) / i128::from(count))).transpose();
    let means = (0..wide.len()).map(mean).collect::<std::result::Result<arrow::array::Int64Array, _>>();
    Ok(Arc::new(means.map_err(SqlError::internal)?))
}
