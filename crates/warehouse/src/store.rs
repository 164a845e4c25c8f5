//! The warehouse on disk.
//!
//! ```text
//! <folder>/catalog.json            what exists; replaced by one rename, which is the commit
//! <folder>/segments/<id>.parquet   rows; written and synced before the catalog names them, never changed
//! <folder>/loads.json              the log of COPY (not part of any transaction)
//! ```
//!
//! A kill at any moment leaves the old catalog or the new one. Segments that no catalog names are removed at open.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use model::{Error, Kind};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::name::TableName;
use crate::table::{Column, Definition, DistStyle, Segment, Table};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogDocument {
    version: u32,
    next_id: u64,
    schemas: BTreeSet<String>,
    tables: Vec<TableDocument>,
    receipts: BTreeMap<String, DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableDocument {
    name: TableName,
    id: u64,
    columns: Vec<ColumnDocument>,
    dist_style: String,
    dist_key: Option<String>,
    sort_key: Vec<String>,
    primary_key: Vec<String>,
    segments: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnDocument {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    not_null: bool,
    default: Option<String>,
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

/// What was on disk.
pub(crate) struct Opened {
    pub store: Store,
    pub catalog: Catalog,
    pub next_id: u64,
}

impl Store {
    /// Reads the folder, making it where it is missing, and removes what a killed process left behind.
    pub fn open(folder: &Path) -> model::Result<Opened> {
        let failed = |error: Failed| Error::new(Kind::Config, "open the warehouse in", folder.display()).because(error);
        let store = Self { folder: folder.to_owned() };
        fs::create_dir_all(store.segments()).map_err(|error| failed(error.into()))?;
        let opened = match fs::read(store.catalog()) {
            Ok(bytes) => store.read(&bytes).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Opened { store, catalog: Catalog::default(), next_id: 1 }
            }
            Err(error) => return Err(failed(error.into())),
        };
        opened.store.remove_orphans(&opened.catalog).map_err(|error| failed(error.into()))?;
        Ok(opened)
    }

    fn catalog(&self) -> PathBuf {
        self.folder.join("catalog.json")
    }

    fn segments(&self) -> PathBuf {
        self.folder.join("segments")
    }

    fn segment(&self, id: u64) -> PathBuf {
        self.segments().join(format!("{id}.parquet"))
    }

    fn read(self, bytes: &[u8]) -> Result<Opened, Failed> {
        let document: CatalogDocument = serde_json::from_slice(bytes)?;
        if document.version != VERSION {
            return Err(format!("the catalog has the version {}, this build reads {VERSION}", document.version).into());
        }
        let mut tables = BTreeMap::new();
        for table in document.tables {
            let (name, table) = self.read_table(table)?;
            tables.insert(name, Arc::new(table));
        }
        let catalog = Catalog { schemas: document.schemas, tables, receipts: document.receipts };
        Ok(Opened { store: self, catalog, next_id: document.next_id })
    }

    fn read_table(&self, document: TableDocument) -> Result<(TableName, Table), Failed> {
        let column = |column: ColumnDocument| {
            let ty = column.ty.parse()?;
            Ok(Column { name: column.name, ty, not_null: column.not_null, default: column.default })
        };
        let definition = Definition {
            columns: document.columns.into_iter().map(column).collect::<Result<_, Failed>>()?,
            dist_style: dist_style(&document.dist_style)?,
            dist_key: document.dist_key,
            sort_key: document.sort_key,
            primary_key: document.primary_key,
        };
        let mut table = Table::new(document.id, definition);
        for id in document.segments {
            let batch = read_segment(&self.segment(id), &table.schema)?;
            table.segments.push(Arc::new(Segment { id, batch }));
        }
        Ok((document.name, table))
    }

    /// Makes `new` what the disk says. When it fails before the rename, the disk says `old` as before.
    pub fn replace(&self, old: &Catalog, new: &Catalog, next_id: u64) -> io::Result<()> {
        let (before, after) = (segment_ids(old), segment_ids(new));
        for table in new.tables.values() {
            for segment in table.segments.iter().filter(|segment| !before.contains(&segment.id)) {
                self.write_segment(segment, &table.schema)?;
            }
        }
        File::open(self.segments())?.sync_all()?;
        let document = serde_json::to_vec_pretty(&document(new, next_id)).map_err(io::Error::other)?;
        write_whole(&self.catalog(), &document)?;
        for id in before.difference(&after) {
            // A segment that stays behind is removed at the next open.
            let _gone_or_orphan = fs::remove_file(self.segment(*id));
        }
        Ok(())
    }

    fn write_segment(&self, segment: &Segment, schema: &SchemaRef) -> io::Result<()> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = File::create(self.segment(segment.id))?;
        let mut writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties)).map_err(io::Error::other)?;
        writer.write(&segment.batch).map_err(io::Error::other)?;
        writer.into_inner().map_err(io::Error::other)?.sync_all()
    }

    fn remove_orphans(&self, catalog: &Catalog) -> io::Result<()> {
        let known: BTreeSet<PathBuf> = segment_ids(catalog).into_iter().map(|id| self.segment(id)).collect();
        for entry in fs::read_dir(self.segments())? {
            let path = entry?.path();
            if !known.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn segment_ids(catalog: &Catalog) -> BTreeSet<u64> {
    catalog.tables.values().flat_map(|table| &table.segments).map(|segment| segment.id).collect()
}

fn read_segment(path: &Path, schema: &SchemaRef) -> Result<RecordBatch, Failed> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    let batches = batches.into_iter().map(|batch| RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec()));
    Ok(arrow::compute::concat_batches(schema, &batches.collect::<Result<Vec<_>, _>>()?)?)
}

fn document(catalog: &Catalog, next_id: u64) -> CatalogDocument {
    let column = |column: &Column| ColumnDocument {
        name: column.name.clone(),
        ty: column.ty.to_string(),
        not_null: column.not_null,
        default: column.default.clone(),
    };
    let table = |(name, table): (&TableName, &Arc<Table>)| TableDocument {
        name: name.clone(),
        id: table.id,
        columns: table.definition.columns.iter().map(column).collect(),
        dist_style: table.definition.dist_style.name().to_owned(),
        dist_key: table.definition.dist_key.clone(),
        sort_key: table.definition.sort_key.clone(),
        primary_key: table.definition.primary_key.clone(),
        segments: table.segments.iter().map(|segment| segment.id).collect(),
    };
    CatalogDocument {
        version: VERSION,
        next_id,
        schemas: catalog.schemas.clone(),
        tables: catalog.tables.iter().map(table).collect(),
        receipts: catalog.receipts.clone(),
    }
}

fn dist_style(name: &str) -> Result<DistStyle, Failed> {
    let styles = [DistStyle::Auto, DistStyle::Even, DistStyle::All, DistStyle::Key];
    styles.into_iter().find(|style| style.name() == name).ok_or_else(|| format!("no distribution style {name}").into())
}

/// Replaces a file as a whole: readers and crashes see the old bytes or the new ones.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
