//! The functions that are known. To add one that the engine answers as Redshift does: a line in [`function`].

/// What becomes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The engine's function of that name does the same.
    Same { engine: &'static str, least: usize, most: usize },
    /// `COUNT`.
    Count,
    /// `MIN` and `MAX`.
    Extreme,
    /// `SUM`, whose type is wider than the engine's.
    Sum,
    /// `AVG`, which truncates integers.
    Average,
    /// Only with `OVER`.
    Window { least: usize, most: usize },
    /// `CONCAT` of two, null when one is null.
    Concat,
    /// `GETDATE()`.
    Now,
    /// `CURRENT_DATE`, without parentheses.
    CurrentDate,
    /// `pg_last_copy_count()`.
    LastCopyCount,
}

/// The double's own functions in the engine (see `numeric.rs` and `function.rs`).
pub(super) const CAST: &str = "redshift_cast";
pub(super) const ADD: &str = "redshift_add";
pub(super) const SUBTRACT: &str = "redshift_subtract";
pub(super) const MULTIPLY: &str = "redshift_multiply";
pub(super) const DIVIDE: &str = "redshift_divide";
pub(super) const REMAINDER: &str = "redshift_remainder";
pub(super) const SUMMAND: &str = "redshift_summand";
pub(super) const AVERAGE_OF: &str = "redshift_average_of";
pub(super) const ROUND: &str = "redshift_round";
pub(super) const ABS: &str = "redshift_abs";
pub(super) const DATE_TRUNC: &str = "redshift_date_trunc";
pub(super) const AT_TIME_ZONE: &str = "redshift_at_time_zone";
pub(super) const JSON_PARSE: &str = "redshift_json_parse";
pub(super) const JSON_SERIALIZE: &str = "redshift_json_serialize";

/// Whether the engine's function of that name is one of the double's own, which look at the types they are given.
pub(super) fn is_own(engine: &str) -> bool {
    engine.starts_with("redshift_")
}

/// The function of that name, in lower case.
pub(super) fn function(name: &str) -> Option<Known> {
    let same = |engine, least, most| Some(Known::Same { engine, least, most });
    match name {
        "count" => Some(Known::Count),
        "sum" => Some(Known::Sum),
        "avg" => Some(Known::Average),
        "min" | "max" => Some(Known::Extreme),
        "row_number" | "rank" | "dense_rank" => Some(Known::Window { least: 0, most: 0 }),
        "lag" | "lead" => Some(Known::Window { least: 1, most: 2 }),
        "concat" => Some(Known::Concat),
        "getdate" => Some(Known::Now),
        "current_date" => Some(Known::CurrentDate),
        "pg_last_copy_count" => Some(Known::LastCopyCount),
        "coalesce" => same("coalesce", 1, usize::MAX),
        "nvl" => same("coalesce", 2, usize::MAX),
        "nullif" => same("nullif", 2, 2),
        "lower" => same("lower", 1, 1),
        "upper" => same("upper", 1, 1),
        "trim" | "btrim" => same("btrim", 1, 2),
        "ltrim" => same("ltrim", 1, 2),
        "rtrim" => same("rtrim", 1, 2),
        "len" | "length" | "char_length" | "character_length" => same("character_length", 1, 1),
        "octet_length" => same("octet_length", 1, 1),
        "left" => same("left", 2, 2),
        "right" => same("right", 2, 2),
        "replace" => same("replace", 3, 3),
        "split_part" => same("split_part", 3, 3),
        "strpos" => same("strpos", 2, 2),
        "round" => same(ROUND, 1, 2),
        "abs" => same(ABS, 1, 1),
        "date_trunc" => same(DATE_TRUNC, 2, 2),
        "json_parse" => same(JSON_PARSE, 1, 1),
        "json_serialize" => same(JSON_SERIALIZE, 1, 1),
        _ => None,
    }
}

impl Known {
    pub fn is_aggregate(&self) -> bool {
        matches!(self, Self::Count | Self::Extreme | Self::Sum | Self::Average)
    }

    pub fn takes_window(&self) -> bool {
        self.is_aggregate() || matches!(self, Self::Window { .. })
    }

    /// Whether it takes so many arguments.
    pub fn takes(&self, count: usize) -> bool {
        match self {
            Self::Same { least, most, .. } | Self::Window { least, most } => (*least..=*most).contains(&count),
            Self::Count | Self::Extreme | Self::Sum | Self::Average => count == 1,
            Self::Concat => count == 2,
            Self::Now | Self::CurrentDate | Self::LastCopyCount => count == 0,
        }
    }
}
