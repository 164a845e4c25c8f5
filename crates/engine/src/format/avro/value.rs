//! Values of a block as text, or stepped over where no column reads them.

use super::schema::{Kept, Schema, Type, TypeId};
use super::wire::Wire;
use crate::typed::{Kind, Out, Rows, Scalar, Torn, names};

/// Values are nested this deep at most.
const MAX_DEPTH: usize = 200;

/// So many values of no bytes (nulls) may stand in one array or map: there is nothing to hold their number against.
pub const MAX_EMPTY: u64 = 64 * 1024;

/// What is read of a record.
#[derive(Debug, Default)]
pub struct Plan {
    fields: Vec<Field>,
}

/// What is read of a field: the same value may be a column as a whole, and have columns inside.
#[derive(Debug)]
struct Field {
    kind: TypeId,
    columns: Vec<usize>,
    inside: Option<Plan>,
}

impl Plan {
    /// What the columns read, each by its way from the record of this type.
    pub fn new(schema: &Schema, record: TypeId, paths: &[(usize, &[usize])]) -> Self {
        let fields = schema.record(record).unwrap_or_default().iter().enumerate().map(|(index, (_, kind))| {
            let ways = || paths.iter().filter_map(|(column, way)| Some((*column, way.split_first()?)));
            let here = || ways().filter(|(_, (first, _))| **first == index);
            let columns = here().filter(|(_, (_, rest))| rest.is_empty()).map(|(column, _)| column).collect();
            let deeper: Vec<(usize, &[usize])> =
                here().filter(|(_, (_, rest))| !rest.is_empty()).map(|(column, (_, rest))| (column, rest)).collect();
            let inside = (!deeper.is_empty()).then(|| Self::new(schema, *kind, &deeper));
            Field { kind: *kind, columns, inside }
        });
        Self { fields: fields.collect() }
    }
}

/// Reads the values of rows.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    pub schema: &'a Schema,
}

impl Values<'_> {
    /// The values of a row, of which a plan says what is read.
    pub fn row(self, wire: &mut Wire<'_>, plan: &Plan, row: usize, rows: &mut Rows) -> Result<(), Torn> {
        for Field { kind, columns, inside } in &plan.fields {
            let start = *wire;
            if columns.is_empty() && inside.is_none() {
                self.skip(wire, *kind, 0)?;
            }
            for column in columns {
                *wire = start;
                let write = |out: &mut Out<'_>| self.column(wire, *kind, out).map_err(|torn| torn.to_string());
                rows.write(row, *column, write).map_err(Torn::Broken)?;
            }
            if let Some(plan) = inside {
                *wire = start;
                self.inside(wire, *kind, plan, row, rows)?;
            }
        }
        Ok(())
    }

    /// The record inside of a field; where the field holds anything else there is nothing for the columns inside.
    fn inside(self, wire: &mut Wire<'_>, kind: TypeId, plan: &Plan, row: usize, rows: &mut Rows) -> Result<(), Torn> {
        match self.schema.get(kind) {
            Type::Record(_) => self.row(wire, plan, row, rows),
            Type::Union(branches) => {
                let branch = branch(wire, branches)?;
                match self.schema.get(branch) {
                    Type::Record(_) => self.row(wire, plan, row, rows),
                    _ => self.skip(wire, branch, 0),
                }
            }
            _ => self.skip(wire, kind, 0),
        }
    }

    /// The whole value of a column; says whether there is one.
    fn column(self, wire: &mut Wire<'_>, kind: TypeId, out: &mut Out<'_>) -> Result<bool, Torn> {
        match self.schema.get(kind) {
            Type::Null => Ok(false),
            Type::Scalar(kept, kind) => {
                out.scalar(*kind, scalar(wire, *kept)?);
                Ok(true)
            }
            Type::Enum(symbols) => {
                out.scalar(Kind::Text, Scalar::Bytes(symbol(wire, symbols)?.as_bytes()));
                Ok(true)
            }
            Type::Union(branches) => {
                let branch = branch(wire, branches)?;
                self.column(wire, branch, out)
            }
            Type::Record(_) | Type::Array(_) | Type::Map(_) => self.json(wire, kind, out, 0).map(|()| true),
        }
    }

    /// A value as JSON.
    fn json(self, wire: &mut Wire<'_>, kind: TypeId, out: &mut Out<'_>, depth: usize) -> Result<(), Torn> {
        let depth = deeper(depth)?;
        match self.schema.get(kind) {
            Type::Null => out.push("null"),
            Type::Scalar(kept, kind) => out.json_scalar(*kind, scalar(wire, *kept)?),
            Type::Enum(symbols) => out.json_text(symbol(wire, symbols)?),
            Type::Union(branches) => {
                let branch = branch(wire, branches)?;
                self.json(wire, branch, out, depth)?;
            }
            Type::Record(fields) => {
                out.push("{");
                for (index, (name, kind)) in fields.iter().enumerate() {
                    out.push(if index == 0 { "" } else { "," });
                    out.json_text(name);
                    out.push(":");
                    self.json(wire, *kind, out, depth)?;
                }
                out.push("}");
            }
            Type::Array(items) => {
                out.push("[");
                self.parts(wire, self.schema.least_bytes(*items), |wire, index| {
                    out.push(if index == 0 { "" } else { "," });
                    self.json(wire, *items, out, depth)
                })?;
                out.push("]");
            }
            Type::Map(values) => {
                out.push("{");
                self.parts(wire, self.schema.least_bytes(*values).saturating_add(1), |wire, index| {
                    out.push(if index == 0 { "" } else { "," });
                    out.json_scalar(Kind::Text, Scalar::Bytes(wire.bytes()?));
                    out.push(":");
                    self.json(wire, *values, out, depth)
                })?;
                out.push("}");
            }
        }
        Ok(())
    }

    /// Goes behind a value.
    fn skip(self, wire: &mut Wire<'_>, kind: TypeId, depth: usize) -> Result<(), Torn> {
        let depth = deeper(depth)?;
        match self.schema.get(kind) {
            Type::Null => Ok(()),
            Type::Scalar(kept, _) => scalar(wire, *kept).map(drop),
            Type::Enum(symbols) => symbol(wire, symbols).map(drop),
            Type::Union(branches) => {
                let branch = branch(wire, branches)?;
                self.skip(wire, branch, depth)
            }
            Type::Record(fields) => fields.iter().try_for_each(|(_, kind)| self.skip(wire, *kind, depth)),
            Type::Array(items) => {
                self.parts(wire, self.schema.least_bytes(*items), |wire, _| self.skip(wire, *items, depth))
            }
            Type::Map(values) => self.parts(wire, self.schema.least_bytes(*values).saturating_add(1), |wire, _| {
                wire.bytes()?;
                self.skip(wire, *values, depth)
            }),
        }
    }

    /// The values of an array or a map, one after the other, of which each has so many bytes at least.
    fn parts<'w>(
        self,
        wire: &mut Wire<'w>,
        least_bytes: u64,
        mut value: impl FnMut(&mut Wire<'w>, u64) -> Result<(), Torn>,
    ) -> Result<(), Torn> {
        let mut index = 0;
        loop {
            let (count, bytes) = wire.part()?;
            if count == 0 {
                return Ok(());
            }
            if least_bytes == 0 && index + count > MAX_EMPTY {
                return Err(Torn::Broken(format!("an array of nothing but nulls has more than {MAX_EMPTY} of them")));
            }
            if count.checked_mul(least_bytes).is_none_or(|bytes| bytes > wire.left() as u64) {
                return Err(Torn::End);
            }
            let before = wire.left();
            for _ in 0..count {
                value(wire, index)?;
                index += 1;
            }
            if bytes.is_some_and(|bytes| bytes != before - wire.left()) {
                return Err(Torn::Broken("a part of an array or a map has another length than it says".to_owned()));
            }
        }
    }
}

fn deeper(depth: usize) -> Result<usize, Torn> {
    match depth {
        MAX_DEPTH.. => Err(Torn::Broken(format!("a value is nested more than {MAX_DEPTH} deep"))),
        _ => Ok(depth + 1),
    }
}

fn branch(wire: &mut Wire<'_>, branches: &[TypeId]) -> Result<TypeId, Torn> {
    let index = wire.long()?;
    let branch = usize::try_from(index).ok().and_then(|index| branches.get(index));
    branch
        .copied()
        .ok_or_else(|| Torn::Broken(format!("a union of {} types has no type {index}, counted from 0", branches.len())))
}

fn symbol<'s>(wire: &mut Wire<'_>, symbols: &'s [String]) -> Result<&'s str, Torn> {
    let index = wire.long()?;
    let symbol = usize::try_from(index).ok().and_then(|index| symbols.get(index));
    let symbol = symbol.map(String::as_str);
    symbol.ok_or_else(|| {
        Torn::Broken(format!("an enum of {} symbols has no symbol {index}, counted from 0", symbols.len()))
    })
}

fn scalar<'w>(wire: &mut Wire<'w>, kept: Kept) -> Result<Scalar<'w>, Torn> {
    Ok(match kept {
        Kept::Boolean => match wire.array()? {
            [0] => Scalar::Boolean(false),
            [1] => Scalar::Boolean(true),
            [byte] => return Err(Torn::Broken(format!("a boolean is {byte}"))),
        },
        Kept::Int | Kept::Long => Scalar::Signed(wire.long()?),
        Kept::Single => Scalar::Single(f32::from_le_bytes(wire.array()?)),
        Kept::Double => Scalar::Double(f64::from_le_bytes(wire.array()?)),
        Kept::Bytes => Scalar::Bytes(wire.bytes()?),
        Kept::Fixed(bytes) => Scalar::Bytes(wire.take(bytes)?),
    })
}

/// What a dataset reads of a file. An error says which columns are not there.
pub fn plan(dataset: &model::dataset::Dataset, schema: &Schema) -> Result<Plan, String> {
    let paths = names::paths(dataset, schema)?;
    let paths: Vec<(usize, &[usize])> = paths.iter().map(Vec::as_slice).enumerate().collect();
    Ok(Plan::new(schema, 0, &paths))
}
