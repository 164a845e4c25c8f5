//! The schema in a file's header: what its values are, by number. Names are resolved once, so that types may hold
//! themselves.
//!
//! A logical type that is not known, or that does not go with its type, is none, as Avro has it: the value is read as
//! what it is kept in.

use std::collections::HashMap;

use model::schema::wider;
use serde_json::Value;

use crate::typed::known::{ANY_TEXT, FileColumn, proposed};
use crate::typed::names::Tree;
use crate::typed::{Kind, Unit};

/// The number of a type.
pub type TypeId = usize;

/// What a value is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Boolean,
    Int,
    Long,
    Single,
    Double,
    Bytes,
    Fixed(usize),
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    Null,
    Scalar(Kept, Kind),
    Enum(Vec<String>),
    Record(Vec<(String, TypeId)>),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
}

/// All types of a file; the first is the rows'.
#[derive(Debug)]
pub struct Schema {
    types: Vec<Type>,
    /// How many bytes a value of each type has at least.
    least: Vec<u64>,
}

impl Schema {
    /// Reads the JSON of a schema. An error says what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let json: Value = serde_json::from_slice(json).map_err(|error| format!("it is no JSON: {error}"))?;
        let mut reading = Reading { types: Vec::new(), by_name: HashMap::new() };
        let root = reading.read(&json, "")?;
        if root != 0 || !matches!(reading.types.first(), Some(Type::Record(_))) {
            return Err("its rows are no records".to_owned());
        }
        let mut schema = Self { least: vec![0; reading.types.len()], types: reading.types };
        // A type may hold one that was defined before it, so one look at each is not enough. One that holds itself without
        // end grows with every look; to have counted too few bytes does no harm.
        for _ in 0..8 {
            for id in (0..schema.types.len()).rev() {
                let least = schema.look(id);
                schema.least.get_mut(id).into_iter().for_each(|place| *place = least);
            }
        }
        Ok(schema)
    }

    pub fn get(&self, id: TypeId) -> &Type {
        self.types.get(id).unwrap_or(&Type::Null)
    }

    /// How many bytes a value has at least.
    pub fn least_bytes(&self, id: TypeId) -> u64 {
        self.least.get(id).copied().unwrap_or(0)
    }

    /// The fields of a record, or of the only record of a union.
    pub fn record(&self, id: TypeId) -> Option<&[(String, TypeId)]> {
        match self.get(id) {
            Type::Record(fields) => Some(fields),
            Type::Union(branches) => {
                let mut records = branches.iter().filter_map(|branch| match self.get(*branch) {
                    Type::Record(fields) => Some(fields.as_slice()),
                    _ => None,
                });
                records.next().filter(|_| records.next().is_none())
            }
            _ => None,
        }
    }

    /// The columns of the rows.
    pub fn columns(&self) -> Vec<FileColumn> {
        let fields = self.record(0).unwrap_or_default();
        fields.iter().map(|(name, id)| FileColumn { name: name.clone(), kind: self.column(*id) }).collect()
    }

    /// The type of a column that holds every value of a type; none that is always null.
    fn column(&self, id: TypeId) -> Option<model::types::Type> {
        match self.get(id) {
            Type::Null => None,
            Type::Scalar(_, kind) => Some(proposed(*kind)),
            Type::Enum(_) => Some(ANY_TEXT),
            Type::Record(_) | Type::Array(_) | Type::Map(_) => Some(model::types::Type::Super),
            Type::Union(branches) => branches.iter().filter_map(|branch| self.column(*branch)).reduce(wider),
        }
    }

    fn look(&self, id: TypeId) -> u64 {
        match self.get(id) {
            Type::Null => 0,
            Type::Scalar(Kept::Single, _) => 4,
            Type::Scalar(Kept::Double, _) => 8,
            Type::Scalar(Kept::Fixed(bytes), _) => *bytes as u64,
            Type::Scalar(..) | Type::Enum(_) | Type::Array(_) | Type::Map(_) => 1,
            Type::Record(fields) => {
                fields.iter().fold(0, |sum, (_, field)| sum.saturating_add(self.least_bytes(*field)))
            }
            Type::Union(branches) => {
                let least = branches.iter().map(|branch| self.least_bytes(*branch)).min();
                least.unwrap_or(0).saturating_add(1)
            }
        }
    }
}

impl Tree for Schema {
    type At = TypeId;

    fn root(&self) -> TypeId {
        0
    }

    fn fields(&self, at: TypeId) -> Vec<(&str, TypeId)> {
        let fields = self.record(at).unwrap_or_default();
        fields.iter().map(|(name, id)| (name.as_str(), *id)).collect()
    }
}

/// A schema in the making.
struct Reading {
    types: Vec<Type>,
    by_name: HashMap<String, TypeId>,
}

impl Reading {
    fn read(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        match json {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => {
                let id = self.add(Type::Null);
                let branches = branches.iter().map(|branch| self.read(branch, namespace)).collect::<Result<_, _>>()?;
                self.set(id, Type::Union(branches));
                Ok(id)
            }
            Value::Object(_) => self.complex(json, namespace),
            other => Err(format!("{other} is no type")),
        }
    }

    fn named(&mut self, name: &str, namespace: &str) -> Result<TypeId, String> {
        if let Some(primitive) = primitive(name) {
            return Ok(self.add(primitive));
        }
        let found = self.by_name.get(&full(name, namespace)).or_else(|| self.by_name.get(name));
        found.copied().ok_or_else(|| format!("the type `{name}` is not defined"))
    }

    fn complex(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        let kind = json.get("type").ok_or("a type has no `type`")?;
        let Value::String(kind) = kind else {
            // `{"type": {"type": "long", "logicalType": …}}`
            return self.read(kind, namespace);
        };
        match kind.as_str() {
            "record" | "error" => self.record(json, namespace),
            "array" => {
                let id = self.add(Type::Null);
                let items = self.read(json.get("items").ok_or("an array has no `items`")?, namespace)?;
                self.set(id, Type::Array(items));
                Ok(id)
            }
            "map" => {
                let id = self.add(Type::Null);
                let values = self.read(json.get("values").ok_or("a map has no `values`")?, namespace)?;
                self.set(id, Type::Map(values));
                Ok(id)
            }
            "enum" => {
                let symbols = json.get("symbols").and_then(Value::as_array).ok_or("an enum has no `symbols`")?;
                let symbols = symbols.iter().map(|symbol| symbol.as_str().map(str::to_owned));
                let symbols = symbols.collect::<Option<_>>().ok_or("a symbol of an enum is no text")?;
                let id = self.add(Type::Enum(symbols));
                self.define(json, namespace, id).map(|_| id)
            }
            "fixed" => {
                let size = json.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
                let kept = Kept::Fixed(size.ok_or("a fixed has no `size`")?);
                let id = self.add(Type::Scalar(kept, logical(json, kept).unwrap_or(Kind::Binary)));
                self.define(json, namespace, id).map(|_| id)
            }
            name => {
                let id = self.named(name, namespace)?;
                if let Some(Type::Scalar(kept, kind)) = self.types.get_mut(id)
                    && primitive(name).is_some()
                    && *kind != Kind::Text
                {
                    *kind = logical(json, *kept).unwrap_or(*kind);
                }
                Ok(id)
            }
        }
    }

    fn record(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        let id = self.add(Type::Null);
        let namespace = self.define(json, namespace, id)?;
        let fields = json.get("fields").and_then(Value::as_array).ok_or("a record has no `fields`")?;
        let mut read = Vec::new();
        for field in fields {
            let name = field.get("name").and_then(Value::as_str).ok_or("a field has no `name`")?;
            let kind = field.get("type").ok_or_else(|| format!("the field `{name}` has no `type`"))?;
            let kind = self.read(kind, &namespace).map_err(|what| format!("field `{name}`: {what}"))?;
            read.push((name.to_owned(), kind));
        }
        self.set(id, Type::Record(read));
        Ok(id)
    }

    /// Takes note of a named type; returns the namespace of the names in it.
    fn define(&mut self, json: &Value, namespace: &str, id: TypeId) -> Result<String, String> {
        let name = json.get("name").and_then(Value::as_str).ok_or("a record, enum or fixed has no `name`")?;
        let namespace = json.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full(name, namespace);
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        self.by_name.insert(full, id);
        Ok(namespace)
    }

    fn add(&mut self, new: Type) -> TypeId {
        self.types.push(new);
        self.types.len() - 1
    }

    fn set(&mut self, id: TypeId, new: Type) {
        self.types.get_mut(id).into_iter().for_each(|place| *place = new.clone());
    }
}

/// A name with dots has its namespace.
fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Scalar(Kept::Boolean, Kind::Boolean),
        "int" => Type::Scalar(Kept::Int, Kind::Whole),
        "long" => Type::Scalar(Kept::Long, Kind::Whole),
        "float" => Type::Scalar(Kept::Single, Kind::Float),
        "double" => Type::Scalar(Kept::Double, Kind::Float),
        "bytes" => Type::Scalar(Kept::Bytes, Kind::Binary),
        "string" => Type::Scalar(Kept::Bytes, Kind::Text),
        _ => return None,
    })
}

/// What a value means beyond what it is kept in. Of a string there is only a uuid, which is its text.
fn logical(json: &Value, kept: Kept) -> Option<Kind> {
    let timestamp = |unit, is_utc| Kind::Timestamp { unit, is_utc };
    match (json.get("logicalType")?.as_str()?, kept) {
        ("date", Kept::Int) => Some(Kind::Date),
        ("time-millis", Kept::Int) => Some(Kind::Time(Unit::Millis)),
        ("time-micros", Kept::Long) => Some(Kind::Time(Unit::Micros)),
        ("timestamp-millis", Kept::Long) => Some(timestamp(Unit::Millis, true)),
        ("timestamp-micros", Kept::Long) => Some(timestamp(Unit::Micros, true)),
        ("timestamp-nanos", Kept::Long) => Some(timestamp(Unit::Nanos, true)),
        ("local-timestamp-millis", Kept::Long) => Some(timestamp(Unit::Millis, false)),
        ("local-timestamp-micros", Kept::Long) => Some(timestamp(Unit::Micros, false)),
        ("local-timestamp-nanos", Kept::Long) => Some(timestamp(Unit::Nanos, false)),
        ("decimal", Kept::Bytes | Kept::Fixed(_)) => {
            let scale = json.get("scale").map_or(Some(0), Value::as_u64)?;
            let precision = json.get("precision").and_then(Value::as_u64).unwrap_or(u64::MAX);
            let precision = u32::try_from(precision).unwrap_or(u32::MAX);
            // More than any number has: its text would be nothing but zeros.
            u32::try_from(scale).ok().filter(|scale| *scale <= 10_000).map(|scale| Kind::Decimal { precision, scale })
        }
        ("uuid", Kept::Fixed(16)) => Some(Kind::Uuid),
        ("duration", Kept::Fixed(12)) => Some(Kind::Duration),
        _ => None,
    }
}
