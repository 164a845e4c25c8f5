//! Rows into the partitions they belong to.
//!
//! A key's value is first a number (days, months, hours, the number itself, the place of a text in a list), so that a
//! row that follows its neighbour into the same partition costs a comparison; texts are made once for each partition.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use arrow::array::AsArray;
use arrow::datatypes::{Date32Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Datelike, NaiveDate};
use model::dataset::Dataset;
use model::partition::{Grain, NULL_PARTITION, PartitionValue};
use model::types::Type;
use model::{Error, Kind, Result};

/// An item that makes more partitions than this is refused: each is at least one file, and one entry in the catalog.
pub(crate) const MAX_PARTITIONS: usize = 2_000;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const HOURS_PER_DAY: i64 = 24;
const SECONDS_PER_DAY: i64 = 86_400;

/// A key's value as a number; null is `None`.
type Code = Option<i64>;

/// A batch's rows, partition by partition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// The rows' numbers, sorted by partition, and within one in the order of the batch; `None` if that is all rows as
    /// they stand.
    pub rows: Option<Vec<u32>>,
    /// The partitions, in the order in which they were first seen, and which of the sorted rows are theirs.
    pub ranges: Vec<(usize, Range<usize>)>,
}

/// Splits batches by the dataset's keys.
#[derive(Debug)]
pub(crate) struct Partitioner {
    dataset: String,
    keys: Vec<Key>,
    /// Looked at for nearly every row of a file that is not sorted: the hash is a fast one.
    by_code: HashMap<Vec<Code>, usize, foldhash::fast::FixedState>,
    by_value: HashMap<Vec<PartitionValue>, usize>,
    /// By the number of the partition.
    values: Vec<Vec<PartitionValue>>,
}

#[derive(Debug)]
struct Key {
    name: String,
    grain: Grain,
    column: usize,
    kind: Type,
    /// For texts: the place of each in the list.
    places: HashMap<String, usize, foldhash::fast::FixedState>,
    texts: Vec<String>,
}

impl Partitioner {
    pub fn new(dataset: &Dataset) -> Result<Self> {
        let keys = dataset.partition_by.iter().map(|(name, by)| {
            let found = dataset.written_columns().enumerate().find(|(_, (column, _))| **column == by.column);
            let (column, (_, definition)) = found.ok_or_else(|| {
                Error::new(Kind::Bug, "partition", &dataset.dataset).because(format!("it has no column {}", by.column))
            })?;
            Ok(Key {
                name: name.to_string(),
                grain: by.grain,
                column,
                kind: definition.kind,
                places: HashMap::default(),
                texts: Vec::new(),
            })
        });
        Ok(Self {
            dataset: dataset.dataset.to_string(),
            keys: keys.collect::<Result<_>>()?,
            by_code: HashMap::default(),
            by_value: HashMap::new(),
            values: Vec::new(),
        })
    }

    /// Sorts the batch's rows by partition. Of `kept`, where it is given, only those rows.
    pub fn sort(&mut self, batch: &RecordBatch, kept: Option<Vec<u32>>) -> Result<Sorted> {
        let rows = kept.unwrap_or_else(|| (0u32..).take(batch.num_rows()).collect());
        let partitions = self.partitions_of(batch, &rows)?;
        // Counted, then placed: nothing grows, and rows of a partition keep their order.
        let mut counts = vec![0; self.values.len()];
        for partition in &partitions {
            if let Some(count) = counts.get_mut(*partition) {
                *count += 1;
            }
        }
        let mut ranges = Vec::new();
        let mut end = 0;
        for (partition, count) in counts.iter_mut().enumerate() {
            let start = end;
            end += *count;
            if *count > 0 {
                ranges.push((partition, start..end));
            }
            *count = start;
        }
        if ranges.len() <= 1 {
            let is_all = rows.len() == batch.num_rows();
            return Ok(Sorted { rows: (!is_all).then_some(rows), ranges });
        }
        let mut sorted = vec![0; rows.len()];
        for (row, partition) in rows.into_iter().zip(partitions) {
            if let Some(next) = counts.get_mut(partition) {
                if let Some(place) = sorted.get_mut(*next) {
                    *place = row;
                }
                *next += 1;
            }
        }
        Ok(Sorted { rows: Some(sorted), ranges })
    }

    /// The values of a partition's keys, in their order; `None` if there is no such partition.
    pub fn values(&self, partition: usize) -> Option<&[PartitionValue]> {
        self.values.get(partition).map(Vec::as_slice)
    }

    /// The partition of each of the rows.
    fn partitions_of(&mut self, batch: &RecordBatch, rows: &[u32]) -> Result<Vec<usize>> {
        let mut codes = Vec::with_capacity(self.keys.len());
        for key in &mut self.keys {
            codes.push(key.codes(batch).ok_or_else(|| {
                Error::new(Kind::Bug, "partition", &self.dataset)
                    .because(format!("key {} meets another type", key.name))
            })?);
        }
        let mut partitions = Vec::with_capacity(rows.len());
        let mut last = (Vec::new(), None);
        for row in rows {
            let index = *row as usize;
            let code = || codes.iter().map(|codes| codes.get(index).copied().flatten());
            let partition = match last.1 {
                Some(partition) if code().eq(last.0.iter().copied()) => partition,
                _ => {
                    last.0.clear();
                    last.0.extend(code());
                    self.of_code(&last.0)?
                }
            };
            last.1 = Some(partition);
            partitions.push(partition);
        }
        Ok(partitions)
    }

    fn of_code(&mut self, code: &[Code]) -> Result<usize> {
        if let Some(partition) = self.by_code.get(code) {
            return Ok(*partition);
        }
        // Two codes may be one partition: null, and the text that means null in a folder's name.
        let values: Vec<_> =
            self.keys.iter().zip(code).map(|(key, code)| (key.name.clone(), key.text(*code))).collect();
        let partition = match self.by_value.get(&values) {
            Some(partition) => *partition,
            None => self.add(values)?,
        };
        self.by_code.insert(code.to_vec(), partition);
        Ok(partition)
    }

    fn add(&mut self, values: Vec<PartitionValue>) -> Result<usize> {
        let partition = self.values.len();
        self.values.push(values.clone());
        self.by_value.insert(values, partition);
        if self.values.len() > MAX_PARTITIONS {
            return Err(Error::new(Kind::Data, "partition", &self.dataset).because(self.too_many()));
        }
        Ok(partition)
    }

    fn too_many(&self) -> String {
        // The key with the most values is the one to make coarser.
        let values = |key: &&Key| {
            let of_key = self.values.iter().flatten().filter(|(name, _)| *name == key.name);
            of_key.map(|(_, value)| value).collect::<BTreeSet<_>>().len()
        };
        let finest = self.keys.iter().max_by_key(values);
        let key = finest.map_or_else(String::new, |key| {
            let coarser = match key.grain {
                Grain::Hour => "day() of it is coarser",
                Grain::Day => "month() of it is coarser",
                Grain::Month => "year() of it is coarser",
                Grain::Year => "take it out, or deliver fewer years at once",
                Grain::Value if matches!(key.kind, Type::Date) => "month() of it is coarser",
                Grain::Value => "take another column, or none",
            };
            format!("; the key {} has {} values: {coarser}", key.name, values(&key))
        });
        format!("its rows make more than {MAX_PARTITIONS} partitions{key}")
    }
}

impl Key {
    /// The code of each row; `None` if the column is not of the key's type.
    fn codes(&mut self, batch: &RecordBatch) -> Option<Vec<Code>> {
        let column = batch.columns().get(self.column)?.as_ref();
        let grain = self.grain;
        Some(match self.kind {
            Type::Smallint => {
                column.as_primitive_opt::<Int16Type>()?.iter().map(|value| value.map(i64::from)).collect()
            }
            Type::Integer => column.as_primitive_opt::<Int32Type>()?.iter().map(|value| value.map(i64::from)).collect(),
            Type::Bigint => column.as_primitive_opt::<Int64Type>()?.iter().collect(),
            Type::Boolean => column.as_boolean_opt()?.iter().map(|value| value.map(i64::from)).collect(),
            Type::Date => {
                let days = column.as_primitive_opt::<Date32Type>()?.iter();
                days.map(|day| coarsen(grain, i64::from(day?) * HOURS_PER_DAY)).collect()
            }
            Type::Timestamp | Type::Timestamptz => {
                let micros = column.as_primitive_opt::<TimestampMicrosecondType>()?.iter();
                micros.map(|micros| coarsen(grain, micros?.div_euclid(MICROS_PER_HOUR))).collect()
            }
            Type::Char(_) | Type::Varchar(_) => {
                // Blanks at the end of a char are none of it: with them or without, it is one partition.
                let blanks: &[char] = if matches!(self.kind, Type::Char(_)) { &[' '] } else { &[] };
                let texts = column.as_string_opt::<i32>()?.iter();
                texts.map(|text| i64::try_from(self.place(text?.trim_end_matches(blanks))).ok()).collect()
            }
            Type::Decimal { .. } | Type::Real | Type::Double => return None,
            Type::Time | Type::Super | Type::Varbyte(_) => return None,
        })
    }

    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len();
        self.places.insert(text.to_owned(), place);
        self.texts.push(text.to_owned());
        place
    }

    /// The text of a code, as it stands in the folder's name.
    fn text(&self, code: Code) -> String {
        let text = code.and_then(|code| match (self.kind, self.grain) {
            (Type::Boolean, _) => Some((code != 0).to_string()),
            (Type::Char(_) | Type::Varchar(_), _) => self.texts.get(usize::try_from(code).ok()?).cloned(),
            (Type::Date, Grain::Value) | (_, Grain::Day) => Some(day(code)?.format("%Y-%m-%d").to_string()),
            (_, Grain::Value) => Some(code.to_string()),
            (_, Grain::Year) => Some(format!("{code:04}")),
            (_, Grain::Month) => Some(format!("{:04}-{:02}", code.div_euclid(12), code.rem_euclid(12) + 1)),
            (_, Grain::Hour) => {
                let date = day(code.div_euclid(HOURS_PER_DAY))?.format("%Y-%m-%d");
                Some(format!("{date}-{:02}", code.rem_euclid(HOURS_PER_DAY)))
            }
        });
        text.unwrap_or_else(|| NULL_PARTITION.to_owned())
    }
}

/// The number of the year, month, day or hour that an hour since 1970 lies in.
fn coarsen(grain: Grain, hour: i64) -> Code {
    let days = hour.div_euclid(HOURS_PER_DAY);
    match grain {
        Grain::Hour => Some(hour),
        Grain::Value | Grain::Day => Some(days),
        Grain::Month => day(days).map(|date| i64::from(date.year()) * 12 + i64::from(date.month0())),
        Grain::Year => day(days).map(|date| i64::from(date.year())),
    }
}

fn day(days: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp(days.checked_mul(SECONDS_PER_DAY)?, 0)?.date_naive())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Date32Array, StringArray, TimestampMicrosecondArray};
    use expect_test::{Expect, expect};
    use model::dataset::DatasetFile;
    use model::error::chain;

    use super::*;

    fn partitioner(columns: &str, partition_by: &str) -> Partitioner {
        let yaml = format!(
            "{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}, partition_by: {{{partition_by}}}}}"
        );
        Partitioner::new(&DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset).unwrap()
    }

    fn check(partitioner: &mut Partitioner, columns: Vec<ArrayRef>, expected: Expect) {
        let named = columns.into_iter().zip(["a", "b"]).map(|(array, name)| (name, array));
        let batch = RecordBatch::try_from_iter(named).unwrap();
        let sorted = partitioner.sort(&batch, None).unwrap();
        let lines = sorted.ranges.iter().map(|(partition, range)| {
            let values = partitioner.values(*partition).unwrap();
            let rows = range.len();
            format!("{rows} row(s) in {:?}\n", model::partition::path(values))
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn grains_are_written_as_hive_has_them() {
        let moments = [Some(1_388_534_399_000_000), Some(-1), None, Some(1_388_534_399_000_001)];
        let moments: ArrayRef = Arc::new(TimestampMicrosecondArray::from(moments.to_vec()));
        for (grain, expected) in [
            (
                "year",
                expect![[r#"
                    2 row(s) in "k=2013/"
                    1 row(s) in "k=1969/"
                    1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
                "#]],
            ),
            (
                "month",
                expect![[r#"
                    2 row(s) in "k=2013-12/"
                    1 row(s) in "k=1969-12/"
                    1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
                "#]],
            ),
            (
                "day",
                expect![[r#"
                    2 row(s) in "k=2013-12-31/"
                    1 row(s) in "k=1969-12-31/"
                    1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
                "#]],
            ),
            (
                "hour",
                expect![[r#"
                    2 row(s) in "k=2013-12-31-23/"
                    1 row(s) in "k=1969-12-31-23/"
                    1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
                "#]],
            ),
        ] {
            let mut partitioner = partitioner("a: {type: timestamp}", &format!("k: {grain}(a)"));
            check(&mut partitioner, vec![Arc::clone(&moments)], expected);
        }
    }

    #[test]
    fn keys_of_two_columns_and_a_null_by_any_name() {
        let mut partitioner = partitioner("a: {type: date}, b: {type: varchar(40)}", "d: a, t: b");
        let days: ArrayRef = Arc::new(Date32Array::from(vec![0, 0, 0, 0, -1]));
        let texts = [Some("x/y"), None, Some("x/y"), Some(NULL_PARTITION), Some("x/y")];
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        check(
            &mut partitioner,
            vec![days, texts],
            expect![[r#"
                2 row(s) in "d=1970-01-01/t=x%2Fy/"
                2 row(s) in "d=1970-01-01/t=__HIVE_DEFAULT_PARTITION__/"
                1 row(s) in "d=1969-12-31/t=x%2Fy/"
            "#]],
        );
    }

    #[test]
    fn a_moment_is_in_its_day_in_utc() {
        let moments = TimestampMicrosecondArray::from(vec![Some(1_388_534_399_999_999), None]).with_timezone("UTC");
        check(
            &mut partitioner("a: {type: timestamptz}", "k: day(a)"),
            vec![Arc::new(moments)],
            expect![[r#"
                1 row(s) in "k=2013-12-31/"
                1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
            "#]],
        );
    }

    #[test]
    fn blanks_at_the_end_of_a_char_make_no_other_partition() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "a  ", " a", "  "]));
        check(
            &mut partitioner("a: {type: char(3)}", "k: a"),
            vec![Arc::clone(&texts)],
            expect![[r#"
                2 row(s) in "k=a/"
                1 row(s) in "k= a/"
                1 row(s) in "k=__HIVE_DEFAULT_PARTITION__/"
            "#]],
        );
        let rows = partitioner("a: {type: varchar(3)}", "k: a")
            .sort(&RecordBatch::try_from_iter([("a", texts)]).unwrap(), None);
        assert_eq!(rows.unwrap().ranges.len(), 4);
    }

    #[test]
    fn without_keys_all_rows_are_one_piece() {
        let days: ArrayRef = Arc::new(Date32Array::from(vec![1, 2]));
        check(
            &mut partitioner("a: {type: date}", ""),
            vec![days],
            expect![[r#"
                2 row(s) in ""
            "#]],
        );
    }

    #[test]
    fn too_many_partitions_name_the_key_and_a_coarser_one() {
        let mut partitioner = partitioner("a: {type: date}, b: {type: varchar(1)}", "d: day(a), t: b");
        let days = i32::try_from(MAX_PARTITIONS).unwrap() + 1;
        let a: ArrayRef = Arc::new(Date32Array::from_iter_values(0..days));
        let b: ArrayRef = Arc::new(StringArray::from(vec!["x"; MAX_PARTITIONS + 1]));
        let batch = RecordBatch::try_from_iter([("a", a), ("b", b)]).unwrap();
        let error = partitioner.sort(&batch, None).unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        expect!["cannot partition x: its rows make more than 2000 partitions; the key d has 2001 values: month() of it is coarser"].assert_eq(&chain(&error));
    }
}
