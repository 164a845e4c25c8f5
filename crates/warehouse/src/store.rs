//! The warehouse on disk.
//!
//! ```text
//! <folder>/catalog.json            what exists; replaced by one rename, which is the commit
//! <folder>/segments/<id>.parquet   rows; written and synced before the catalog names them, never changed
//! <folder>/segments/<id>.marks     which rows of a segment are left, a bit for each; written like it
//! <folder>/loads.json              the log of COPY (not part of any transaction)
//! ```
//!
//! A kill at any moment leaves the old catalog or the new one. What no catalog names is removed at open.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use model::{Error, Kind};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::name::TableName;
use crate::table::{Column, Definition, DistStyle, Marks, Piece, Segment, Table};

/// Version 1 knew no marks, and is read as well.
const VERSION: u32 = 2;

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
    segments: Vec<PieceDocument>,
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

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PieceDocument {
    Whole(u64),
    Marked { segment: u64, marks: u64 },
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

    fn path(&self, written: &Written<'_>) -> PathBuf {
        self.segments().join(written.name())
    }

    fn read(self, bytes: &[u8]) -> Result<Opened, Failed> {
        let document: CatalogDocument = serde_json::from_slice(bytes)?;
        if !(1..=VERSION).contains(&document.version) {
            let version = document.version;
            return Err(format!("the catalog has the version {version}, this build reads up to {VERSION}").into());
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
        for piece in document.segments {
            table.pieces.push(self.read_piece(&piece, &table.schema)?);
        }
        Ok((document.name, table))
    }

    fn read_piece(&self, document: &PieceDocument, schema: &SchemaRef) -> Result<Piece, Failed> {
        let (id, marks) = match document {
            PieceDocument::Whole(id) => (*id, None),
            PieceDocument::Marked { segment, marks } => (*segment, Some(*marks)),
        };
        let path = self.segments().join(segment_name(id));
        let segment = Arc::new(Segment { id, batch: read_segment(&path, schema)? });
        let rows = segment.batch.num_rows();
        let marks = marks.map(|id| {
            let path = self.segments().join(marks_name(id));
            let bytes = fs::read(&path)?;
            if bytes.len() != rows.div_ceil(8) {
                return Err(format!("{} has {} bytes for {rows} rows", path.display(), bytes.len()).into());
            }
            Ok::<_, Failed>(Arc::new(Marks { id, kept: BooleanBuffer::new(bytes.into(), 0, rows) }))
        });
        Ok(Piece { segment, marks: marks.transpose()? })
    }

    /// Makes `new` what the disk says. When it fails before the rename, the disk says `old` as before.
    pub fn replace(&self, old: &Catalog, new: &Catalog, next_id: u64) -> io::Result<()> {
        let (before, after) = (names(old), names(new));
        self.write(written(new).filter(|written| !before.contains(&written.name())).collect())?;
        File::open(self.segments())?.sync_all()?;
        let document = serde_json::to_vec_pretty(&document(new, next_id)).map_err(io::Error::other)?;
        write_whole(&self.catalog(), &document)?;
        for name in before.difference(&after) {
            // What stays behind is removed at the next open.
            let _gone_or_orphan = fs::remove_file(self.segments().join(name));
        }
        Ok(())
    }

    /// Writes files, as many at once as there are cores: to compress them is most of the work of a commit.
    fn write(&self, files: Vec<Written<'_>>) -> io::Result<()> {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                file.write(&self.path(file))?;
            }
            Ok(())
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(files.len());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let ended = threads.into_iter().map(|thread| match thread.join() {
                Ok(ended) => ended,
                Err(_) => Err(io::Error::other("a thread that writes panicked")),
            });
            ended.collect()
        })
    }

    fn remove_orphans(&self, catalog: &Catalog) -> io::Result<()> {
        let known = names(catalog);
        for entry in fs::read_dir(self.segments())? {
            let entry = entry?;
            if entry.file_name().to_str().is_none_or(|name| !known.contains(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// What a file of the folder of segments holds.
enum Written<'a> {
    Rows(&'a Segment, &'a SchemaRef),
    Marks(&'a Marks),
}

fn segment_name(id: u64) -> String {
    format!("{id}.parquet")
}

fn marks_name(id: u64) -> String {
    format!("{id}.marks")
}

impl Written<'_> {
    fn name(&self) -> String {
        match self {
            Self::Rows(segment, _) => segment_name(segment.id),
            Self::Marks(marks) => marks_name(marks.id),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        match self {
            Self::Rows(segment, schema) => {
                // Nobody asks the file for a part of its rows.
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_statistics_enabled(EnabledStatistics::None)
                    .build();
                let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties));
                let mut writer = writer.map_err(io::Error::other)?;
                writer.write(&segment.batch).map_err(io::Error::other)?;
                file = writer.into_inner().map_err(io::Error::other)?;
            }
            Self::Marks(marks) => file.write_all(marks.kept.sliced().as_slice())?,
        }
        file.sync_all()
    }
}

/// The files of a catalog.
fn written(catalog: &Catalog) -> impl Iterator<Item = Written<'_>> {
    catalog.tables.values().flat_map(|table| {
        table.pieces.iter().flat_map(|piece| {
            let rows = Written::Rows(&piece.segment, &table.schema);
            std::iter::once(rows).chain(piece.marks.as_deref().map(Written::Marks))
        })
    })
}

fn names(catalog: &Catalog) -> BTreeSet<String> {
    written(catalog).map(|written| written.name()).collect()
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

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
    let piece = |piece: &Piece| match &piece.marks {
        None => PieceDocument::Whole(piece.segment.id),
        Some(marks) => PieceDocument::Marked { segment: piece.segment.id, marks: marks.id },
    };
    let table = |(name, table): (&TableName, &Arc<Table>)| TableDocument {
        name: name.clone(),
        id: table.id,
        columns: table.definition.columns.iter().map(column).collect(),
        dist_style: table.definition.dist_style.name().to_owned(),
        dist_key: table.definition.dist_key.clone(),
        sort_key: table.definition.sort_key.clone(),
        primary_key: table.definition.primary_key.clone(),
        segments: table.pieces.iter().map(piece).collect(),
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
