//! The schema of a file, and how each of the dataset's columns is read from it.
//!
//! The crate is handed a schema of one column at a time, without logical types: so bytes come as they are, whatever they
//! are said to be, and what they mean is made of them here.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use model::types::Type as Proposed;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection, RowSelector};
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit as Counted, Type as Physical};
use parquet::file::metadata::{FileMetaData, ParquetMetaData};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::footer::guarded;
use super::page::Leaf;
use crate::typed::known::{FileColumn, UNSIGNED, proposed};
use crate::typed::names::Tree;
use crate::typed::{Kind, Unit};

/// A value of fixed length is no longer than this.
const MAX_FIXED_BYTES: usize = 1024 * 1024;

/// The schema of a file; the first node is the rows'.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<Node>,
    /// Every column of the file, in its order.
    pub leaves: Vec<Arc<Leaf>>,
}

#[derive(Debug)]
struct Node {
    kind: TypePtr,
    children: Vec<usize>,
    leaves: Range<usize>,
}

impl Schema {
    pub fn new(metadata: &ParquetMetaData) -> Result<Self, String> {
        let described = metadata.file_metadata().schema_descr();
        let leaves = described.columns().iter().map(|column| {
            let fixed = match column.self_type() {
                Type::PrimitiveType { type_length, .. } => usize::try_from(*type_length).unwrap_or(0),
                Type::GroupType { .. } => 0,
            };
            Arc::new(Leaf {
                name: column.path().string(),
                physical: column.physical_type(),
                fixed_bytes: fixed,
                max_definition: column.max_def_level(),
                max_repetition: column.max_rep_level(),
            })
        });
        let mut schema = Self { nodes: Vec::new(), leaves: leaves.collect() };
        let leaves = schema.add(&described.root_schema_ptr(), 0);
        match leaves == schema.leaves.len() {
            true => Ok(schema),
            false => Err(format!("the schema has {leaves} columns, and {} of them are known", schema.leaves.len())),
        }
    }

    /// Adds a type, of which so many leaves come before; returns how many leaves there are then. The depth is bounded by
    /// the footer's.
    fn add(&mut self, kind: &TypePtr, first: usize) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node { kind: Arc::clone(kind), children: Vec::new(), leaves: first..first });
        let mut last = first + usize::from(kind.is_primitive());
        let mut children = Vec::new();
        for child in if kind.is_group() { kind.get_fields() } else { &[] } {
            children.push(self.nodes.len());
            last = self.add(child, last);
        }
        if let Some(node) = self.nodes.get_mut(index) {
            (node.children, node.leaves) = (children, first..last);
        }
        last
    }

    /// How the column is read that lies this way from the root.
    pub fn column(&self, way: &[usize]) -> Result<Column, String> {
        let mut target = self.nodes.first();
        for step in way {
            let child = target.and_then(|node| node.children.get(*step));
            target = child.and_then(|child| self.nodes.get(*child));
        }
        let (target, root) = target.zip(self.nodes.first()).ok_or("a column is not in its schema")?;
        let leaves: Vec<usize> = target.leaves.clone().collect();
        let kinds = self.kinds(target)?;
        let pruned = pruned(&root.kind, way).map_err(|error| error.to_string())?;
        let metadata = FileMetaData::new(1, 0, None, None, Arc::new(SchemaDescriptor::new(pruned)), None);
        let schema = metadata.schema_descr();
        let plain = parquet_to_arrow_schema(schema, None).map_err(|error| error.to_string())?;
        let levels = |unit| {
            let hints = retyped(plain.fields(), unit);
            let levels = parquet_to_arrow_field_levels(schema, ProjectionMask::all(), Some(&hints));
            levels.map_err(|error| error.to_string())
        };
        let has_int96 = kinds.iter().any(|(kept, _)| *kept == Kept::Int96);
        let (nanos, seconds) = (levels(TimeUnit::Nanosecond)?, levels(TimeUnit::Second)?);
        let mut field = plain.fields().first().ok_or("a column has no values")?;
        for _ in way.iter().skip(1) {
            let DataType::Struct(fields) = field.data_type() else { return Err("a column is in no record".to_owned()) };
            field = fields.first().ok_or("a record has no columns")?;
        }
        let shape = Shape::of(field.data_type(), &mut kinds.into_iter())?;
        let seconds = has_int96.then_some(seconds);
        let metadata = ParquetMetaData::new(metadata, Vec::new());
        Ok(Column { depth: way.len(), leaves, shape, nanos, seconds, metadata: Arc::new(metadata) })
    }

    /// The columns of the rows.
    pub fn columns(&self) -> Result<Vec<FileColumn>, String> {
        let fields = self.fields(self.root()).into_iter();
        let columns = fields.filter_map(|(name, at)| Some((name, self.nodes.get(at)?)));
        columns
            .map(|(name, node)| Ok(FileColumn { name: name.to_owned(), kind: Some(proposal(&node.kind)?) }))
            .collect()
    }

    fn kinds(&self, target: &Node) -> Result<Vec<(Kept, Kind)>, String> {
        let mut kinds = Vec::new();
        let mut open = vec![target];
        while let Some(node) = open.pop() {
            if node.kind.is_primitive() {
                kinds.push(kind(&node.kind)?);
            }
            open.extend(node.children.iter().rev().filter_map(|child| self.nodes.get(*child)));
        }
        Ok(kinds)
    }
}

impl Tree for Schema {
    type At = usize;

    fn root(&self) -> usize {
        0
    }

    fn fields(&self, at: usize) -> Vec<(&str, usize)> {
        let Some(node) = self.nodes.get(at) else { return Vec::new() };
        let info = node.kind.get_basic_info();
        let is_plain = matches!(info.converted_type(), ConvertedType::NONE)
            && !(info.has_repetition() && info.repetition() == Repetition::REPEATED);
        let children = node.children.iter().filter(|_| is_plain || at == 0);
        children.filter_map(|child| Some((self.nodes.get(*child)?.kind.name(), *child))).collect()
    }
}

/// How a column of the dataset is read.
#[derive(Debug)]
pub struct Column {
    /// The records that its value is in, and itself.
    pub depth: usize,
    /// Its columns in the file: several, where it is nested.
    pub leaves: Vec<usize>,
    pub shape: Shape,
    nanos: FieldLevels,
    /// Where it has moments of 96 bits: in nanoseconds as arrow has them they are too far for 64 bits, so they are read
    /// in seconds, too.
    seconds: Option<FieldLevels>,
    metadata: Arc<ParquetMetaData>,
}

impl Column {
    /// The schema, for whoever hands the crate its pages.
    pub fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }

    /// A reader of so many rows behind so many that are skipped, so many at once; and one of their seconds.
    pub fn readers(
        &self,
        pages: &dyn RowGroups,
        skip: usize,
        rows: usize,
        at_once: usize,
    ) -> Result<(ParquetRecordBatchReader, Option<ParquetRecordBatchReader>), String> {
        let reader = |levels: &FieldLevels| {
            let selected = RowSelection::from(vec![RowSelector::skip(skip), RowSelector::select(rows)]);
            let reader =
                guarded(|| ParquetRecordBatchReader::try_new_with_row_groups(levels, pages, at_once, Some(selected)));
            reader?.map_err(|error| error.to_string())
        };
        Ok((reader(&self.nanos)?, self.seconds.as_ref().map(reader).transpose()?))
    }
}

/// The nesting of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Leaf(Kept, Kind),
    Record(Vec<(String, Shape)>),
    List(Box<Shape>),
    Map(Box<Shape>, Box<Shape>),
}

impl Shape {
    fn of(kind: &DataType, leaves: &mut impl Iterator<Item = (Kept, Kind)>) -> Result<Self, String> {
        Ok(match kind {
            DataType::Struct(fields) => {
                let fields =
                    fields.iter().map(|field| Ok((field.name().clone(), Self::of(field.data_type(), leaves)?)));
                Self::Record(fields.collect::<Result<_, String>>()?)
            }
            DataType::List(item) => Self::List(Box::new(Self::of(item.data_type(), leaves)?)),
            DataType::Map(entry, _) => match entry.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => {
                    let mut both = fields.iter().map(|field| Self::of(field.data_type(), leaves).map(Box::new));
                    let missing = || Err("a map lacks its keys or values".to_owned());
                    let (key, value) = (both.next().unwrap_or_else(missing)?, both.next().unwrap_or_else(missing)?);
                    match *key {
                        Self::Leaf(..) => Self::Map(key, value),
                        _ => return Err("a map has keys that are nested, which is no JSON".to_owned()),
                    }
                }
                other => return Err(format!("a map is of {other}")),
            },
            _ => {
                let (kept, kind) = leaves.next().ok_or("a column has more values than columns")?;
                Self::Leaf(kept, kind)
            }
        })
    }
}

/// What a value is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Boolean,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Int96,
    Single,
    Double,
    Bytes,
    Fixed,
    /// Two bytes of half precision.
    Half,
}

/// What a column's values are kept in, and what they are. Logical types are those of newer files, converted ones of older.
fn kind(leaf: &Type) -> Result<(Kept, Kind), String> {
    let Type::PrimitiveType { basic_info: info, physical_type, type_length, precision, scale, .. } = leaf else {
        return Err(format!("`{}` is no column", leaf.name()));
    };
    let kept = match physical_type {
        Physical::BOOLEAN => Kept::Boolean,
        Physical::INT32 => Kept::Int32,
        Physical::INT64 => Kept::Int64,
        Physical::INT96 => Kept::Int96,
        Physical::FLOAT => Kept::Single,
        Physical::DOUBLE => Kept::Double,
        Physical::BYTE_ARRAY => Kept::Bytes,
        Physical::FIXED_LEN_BYTE_ARRAY => match usize::try_from(*type_length) {
            Ok(1..=MAX_FIXED_BYTES) => Kept::Fixed,
            _ => return Err(format!("the values of column `{}` have {type_length} bytes each", leaf.name())),
        },
    };
    let logical = info.logical_type_ref();
    let unit = |unit: Counted| match unit {
        Counted::MILLIS => Unit::Millis,
        Counted::MICROS => Unit::Micros,
        Counted::NANOS => Unit::Nanos,
    };
    let decimal = |precision: i32, scale: i32| Kind::Decimal {
        precision: u32::try_from(precision).unwrap_or(u32::MAX),
        scale: u32::try_from(scale).unwrap_or(0),
    };
    let utc = |unit| Kind::Timestamp { unit, is_utc: true };
    Ok(match (kept, logical, info.converted_type()) {
        (Kept::Boolean, ..) => (kept, Kind::Boolean),
        (Kept::Int96, ..) => (kept, Kind::Timestamp { unit: Unit::Nanos, is_utc: false }),
        (Kept::Single | Kept::Double, ..) => (kept, Kind::Float),
        (_, Some(LogicalType::Decimal(logical)), _) => (kept, decimal(logical.precision, logical.scale)),
        (_, None, ConvertedType::DECIMAL) => (kept, decimal(*precision, *scale)),
        (Kept::Int32, Some(LogicalType::Integer(int)), _) if !int.is_signed => (Kept::UInt32, Kind::Whole),
        (Kept::Int32, None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32) => {
            (Kept::UInt32, Kind::Whole)
        }
        (Kept::Int32, Some(LogicalType::Date), _) | (Kept::Int32, None, ConvertedType::DATE) => (kept, Kind::Date),
        (Kept::Int32 | Kept::Int64, Some(LogicalType::Time(time)), _) => (kept, Kind::Time(unit(time.unit))),
        (Kept::Int32, None, ConvertedType::TIME_MILLIS) => (kept, Kind::Time(Unit::Millis)),
        (Kept::Int64, None, ConvertedType::TIME_MICROS) => (kept, Kind::Time(Unit::Micros)),
        (Kept::Int64, Some(LogicalType::Integer(int)), _) if !int.is_signed => (Kept::UInt64, Kind::Whole),
        (Kept::Int64, None, ConvertedType::UINT_64) => (Kept::UInt64, Kind::Whole),
        (Kept::Int64, Some(LogicalType::Timestamp(moment)), _) => {
            (kept, Kind::Timestamp { unit: unit(moment.unit), is_utc: moment.is_adjusted_to_u_t_c })
        }
        (Kept::Int64, None, ConvertedType::TIMESTAMP_MILLIS) => (kept, utc(Unit::Millis)),
        (Kept::Int64, None, ConvertedType::TIMESTAMP_MICROS) => (kept, utc(Unit::Micros)),
        (Kept::Int32 | Kept::Int64, ..) => (kept, Kind::Whole),
        (Kept::Bytes, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _)
        | (Kept::Bytes, None, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON) => (kept, Kind::Text),
        (Kept::Fixed, Some(LogicalType::Uuid), _) => (kept, Kind::Uuid),
        (Kept::Fixed, Some(LogicalType::Float16), _) => (Kept::Half, Kind::Float),
        (Kept::Fixed, None, ConvertedType::INTERVAL) => (kept, Kind::Duration),
        (Kept::Bytes | Kept::Fixed, ..) => (kept, Kind::Binary),
        (Kept::UInt32 | Kept::UInt64 | Kept::Half, ..) => (kept, Kind::Whole),
    })
}

/// The type of a column that holds every value of a field.
fn proposal(field: &Type) -> Result<Proposed, String> {
    let info = field.get_basic_info();
    let is_list = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    let is_json = matches!(
        (info.logical_type_ref(), info.converted_type()),
        (Some(LogicalType::Json), _) | (None, ConvertedType::JSON)
    );
    if field.is_group() || is_list || is_json {
        return Ok(Proposed::Super);
    }
    Ok(match kind(field)? {
        (Kept::UInt64, Kind::Whole) => UNSIGNED,
        (_, kind) => proposed(kind),
    })
}

/// A schema of the one column that lies this way, of types that say nothing but what values are kept in.
fn pruned(kind: &Type, way: &[usize]) -> parquet::errors::Result<TypePtr> {
    let info = kind.get_basic_info();
    if let Type::PrimitiveType { physical_type, type_length, .. } = kind {
        let leaf = Type::primitive_type_builder(kind.name(), *physical_type).with_repetition(info.repetition());
        return leaf.with_length(*type_length).build().map(Arc::new);
    }
    let fields = kind.get_fields().iter();
    let fields: parquet::errors::Result<Vec<_>> = match way.split_first() {
        Some((step, rest)) => fields.skip(*step).take(1).map(|field| pruned(field, rest)).collect(),
        None => fields.map(|field| pruned(field, way)).collect(),
    };
    let group = Type::group_type_builder(kind.name()).with_fields(fields?);
    let group = group.with_converted_type(info.converted_type()).with_logical_type(info.logical_type_ref().cloned());
    match info.has_repetition() {
        true => group.with_repetition(info.repetition()).build().map(Arc::new),
        false => group.build().map(Arc::new),
    }
}

/// The types that values are to come in: bytes as views of their pages, so that one that stands in a dictionary is not
/// written out for each row; moments of 96 bits in this unit.
fn retyped(fields: &Fields, unit: TimeUnit) -> Fields {
    let one = |field: &Arc<Field>| {
        let kind = match field.data_type() {
            DataType::Binary => DataType::BinaryView,
            DataType::Timestamp(..) => DataType::Timestamp(unit, None),
            DataType::Struct(fields) => DataType::Struct(retyped(fields, unit)),
            DataType::List(item) => {
                let items = retyped(&Fields::from(vec![Arc::clone(item)]), unit);
                items.first().map_or_else(|| field.data_type().clone(), |item| DataType::List(Arc::clone(item)))
            }
            DataType::Map(entry, is_sorted) => {
                let entries = retyped(&Fields::from(vec![Arc::clone(entry)]), unit);
                let map = |entry: &Arc<Field>| DataType::Map(Arc::clone(entry), *is_sorted);
                entries.first().map_or_else(|| field.data_type().clone(), map)
            }
            other => other.clone(),
        };
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    fields.iter().map(one).collect()
}
