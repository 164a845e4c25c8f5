//! Every mode against a model of what it means, in the double: random batches with rows of the same keys and partitions,
//! repeats, corrections, deliveries in any order, one by one and several in a group, and publishes that are cut off between
//! any two statements.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use model::arrival::Pin;
use model::count::Counts;
use model::dataset::{DatasetFile, LoadMode};
use model::group::{Group, GroupName, Member};
use model::manifest::{ListingMeta, Manifest};
use model::name::{BatchId, S3Url, TableName};
use model::part::{ParquetFile, Part};
use model::plan::{Input, RunPlan};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio::runtime::Runtime;
use warehouse::{Objects, Warehouse};

use crate::config::CopyRole;
use crate::delivery::Delivery;
use crate::loading::Loading;
use crate::sql::{publish, stage};

/// A row but for its key: `newest`, which partition, another column. The order is the one that `upsert` breaks ties by.
type Rest = (Option<i64>, Option<u8>, char);
type Row = (i64, Rest);

/// What is tested: a mode, and what the dataset says besides.
#[derive(Debug, Clone, Copy)]
struct Spec {
    mode: LoadMode,
    with_newest: bool,
    /// Whether the batch is deduplicated by the key.
    is_unique: bool,
    by: &'static By,
}

/// A column that rows are partitioned by.
#[derive(Debug)]
struct By {
    /// The type of column w.
    kind: &'static str,
    /// What of it.
    of: &'static str,
    /// Two literals for each partition that are staged in it.
    literals: [[&'static str; 2]; 3],
    /// Which of the three are the same as which; `None` is null.
    is: [Option<u8>; 3],
}

const MONTH: By = By {
    kind: "date",
    of: "month(w)",
    // One of them is the month that stands for null where null is compared.
    literals: [["'1970-01-01'", "'1970-01-31'"], ["'2024-02-01'", "'2024-02-29'"], ["'1969-12-31'", "'1969-12-01'"]],
    is: [Some(0), Some(1), Some(2)],
};
const HOUR: By = By {
    kind: "timestamptz",
    of: "hour(w)",
    literals: [
        ["'1970-01-01 00:00:00'", "'1970-01-01 00:59:59.999999'"],
        ["'1969-12-31 23:59:59.999999'", "'1969-12-31 23:00:00'"],
        ["'2024-02-29 12:34:56'", "'2024-02-29 12:00:00'"],
    ],
    is: [Some(0), Some(1), Some(2)],
};
const NUMBER: By =
    By { kind: "integer", of: "w", literals: [["0", "0"], ["1", "1"], ["-1", "-1"]], is: [Some(0), Some(1), Some(2)] };
const BOOLEAN: By = By {
    kind: "boolean",
    of: "w",
    literals: [["FALSE", "FALSE"], ["TRUE", "TRUE"], ["TRUE", "TRUE"]],
    is: [Some(0), Some(1), Some(1)],
};
/// Blanks count, and the lake has one folder for what has no name.
const VARCHAR: By = By {
    kind: "varchar(40)",
    of: "w",
    literals: [["'a'", "'a'"], ["'a '", "'a '"], ["''", "'__HIVE_DEFAULT_PARTITION__'"]],
    is: [Some(0), Some(1), None],
};
const CHAR: By = By {
    kind: "char(40)",
    of: "w",
    literals: [["'a'", "'a   '"], ["' a'", "' a '"], ["''", "'   '"]],
    is: [Some(0), Some(1), None],
};

/// One delivery of a batch.
#[derive(Debug, Clone)]
struct Sent {
    batch: u8,
    /// Which of its deliveries: a later one is newer.
    version: i64,
    rows: Vec<Row>,
    /// After so many statements the first try is cut off.
    cut: Option<usize>,
}

/// What a table holds: rows by batch.
type Held = BTreeMap<u8, Vec<Row>>;

/// What the ledger says of a run: staged, published, stale, replaced, withdrawn.
type Counted = [usize; 5];

/// The meaning of the modes.
#[derive(Debug, Default)]
struct Model {
    held: Held,
    /// The newest delivery of each batch that was published.
    published: BTreeMap<u8, i64>,
}

impl Model {
    /// The rows of a group, once those of all its batches' earlier deliveries are gone. `None`: the ledger has a delivery
    /// of one of the batches that is as new.
    fn publish(&mut self, spec: Spec, places: &[i64], group: &[Sent]) -> Option<Vec<Counted>> {
        if group.iter().any(|sent| self.published.get(&sent.batch).is_some_and(|newest| *newest >= sent.version)) {
            return None;
        }
        let earlier: Held =
            group.iter().map(|sent| (sent.batch, self.held.remove(&sent.batch).unwrap_or_default())).collect();
        let kept = self.kept(spec, places, group);
        let counted = group.iter().zip(&kept).map(|(sent, kept)| {
            let earlier = &earlier[&sent.batch];
            let is_gone = |row: &&Row| spec.mode == LoadMode::Upsert && sent.rows.iter().all(|sent| sent.0 != row.0);
            let withdrawn = earlier.iter().filter(is_gone).count();
            [sent.rows.len(), kept.len(), sent.rows.len() - kept.len(), earlier.len(), withdrawn]
        });
        let counted = counted.collect();
        for (sent, kept) in group.iter().zip(kept) {
            self.published.insert(sent.batch, sent.version);
            self.held.insert(sent.batch, kept);
        }
        Some(counted)
    }

    /// What of each delivery comes into the table; rows of other batches that lose go.
    fn kept(&mut self, spec: Spec, places: &[i64], group: &[Sent]) -> Vec<Vec<Row>> {
        let Spec { mode, with_newest, by, .. } = spec;
        let place = |batch: u8| (places[usize::from(batch)], batch_id(batch).to_string());
        let mut kept = vec![Vec::new(); group.len()];
        match mode {
            LoadMode::Append => kept = group.iter().map(|sent| sent.rows.clone()).collect(),
            LoadMode::Replace => {
                let latest = (0..group.len()).max_by_key(|at| place(group[*at].batch)).unwrap();
                let is_of_group = |batch: &u8| group.iter().any(|sent| sent.batch == *batch);
                let ours = place(group[latest].batch);
                if self.published.keys().all(|batch| is_of_group(batch) || place(*batch) <= ours) {
                    self.held.clear();
                    kept[latest].clone_from(&group[latest].rows);
                }
            }
            LoadMode::ReplacePartitions => {
                let partition_of = |row: &Row| row.1.1.and_then(|number| by.is[usize::from(number)]);
                let all = group.iter().flat_map(|sent| &sent.rows).map(partition_of);
                for partition in all.collect::<BTreeSet<_>>() {
                    let is_in = |row: &Row| partition_of(row) == partition;
                    let with_rows = (0..group.len()).filter(|at| group[*at].rows.iter().any(is_in));
                    let latest = with_rows.max_by_key(|at| place(group[*at].batch)).unwrap();
                    let ours = place(group[latest].batch);
                    let later = |(batch, rows): (&u8, &Vec<Row>)| place(*batch) > ours && rows.iter().any(is_in);
                    if !self.held.iter().any(later) {
                        self.held.values_mut().for_each(|rows| rows.retain(|row| !is_in(row)));
                        kept[latest].extend(group[latest].rows.iter().filter(|row| is_in(row)));
                    }
                }
            }
            LoadMode::Upsert => {
                let newest = |row: &Row| with_newest.then_some(row.1.0);
                let all =
                    || group.iter().enumerate().flat_map(|(at, sent)| sent.rows.iter().map(move |row| (at, *row)));
                for id in all().map(|(_, row)| row.0).collect::<BTreeSet<_>>() {
                    let of_key = all().filter(|(_, row)| row.0 == id);
                    let winner = of_key.max_by_key(|(at, row)| (newest(row), place(group[*at].batch), row.1));
                    let (at, winner) = winner.unwrap();
                    let ours = (newest(&winner), place(group[at].batch));
                    let newer = |(batch, rows): (&u8, &Vec<Row>)| {
                        rows.iter().any(|row| row.0 == id && (newest(row), place(*batch)) > ours)
                    };
                    if !self.held.iter().any(newer) {
                        self.held.values_mut().for_each(|rows| rows.retain(|row| row.0 != id));
                        kept[at].push(winner);
                    }
                }
            }
        }
        kept
    }

    fn rows(&self) -> BTreeMap<String, Vec<Row>> {
        let rows = self.held.iter().filter(|(_, rows)| !rows.is_empty());
        rows.map(|(batch, rows)| (batch_id(*batch).to_string(), sorted(rows.clone()))).collect()
    }
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

fn url(batch: u8) -> S3Url {
    S3Url::new("landing", &format!("x/{batch}/_manifest.json")).unwrap()
}

fn batch_id(batch: u8) -> BatchId {
    BatchId::of(&url(batch))
}

const BATCHES: u8 = 4;

/// The mode in the double.
struct Table {
    warehouse: Warehouse,
    dataset: DatasetFile,
    spec: Spec,
    /// The token of the next group.
    token: AtomicU64,
    _folder: tempfile::TempDir,
}

impl Table {
    async fn new(spec: Spec) -> Self {
        let Spec { mode, with_newest, is_unique, by } = spec;
        let folder = tempfile::tempdir().unwrap();
        let objects: Arc<dyn Objects> = Arc::new(BTreeMap::<String, Bytes>::new());
        let clock = Arc::new(|| DateTime::<Utc>::UNIX_EPOCH);
        let warehouse = Warehouse::open(folder.path(), objects, clock).unwrap();
        let key = match (mode, with_newest) {
            (LoadMode::Upsert, true) => ", key: [id], newest: at",
            (LoadMode::Upsert, false) => ", key: [id]",
            _ => "",
        };
        let dedupe = if is_unique { "dedupe: {key: [id]}\n" } else { "" };
        let yaml = format!(
            "dataset: x\nlanding: x/\nformat: csv\npartition_by: {{k: {}}}\n{dedupe}columns: {{id: {{type: bigint}}, \
             at: {{type: integer}}, p: {{type: integer}}, w: {{type: {}}}, v: {{type: varchar(1)}}}}\n\
             load: {{table: public.x, mode: {}{key}}}\n",
            by.of,
            by.kind,
            mode.name()
        );
        let dataset = DatasetFile::parse(&yaml, "x.yaml").unwrap();
        let table = Self { warehouse, dataset, spec, token: AtomicU64::new(1), _folder: folder };
        let sent = Sent { batch: 0, version: 0, rows: Vec::new(), cut: None };
        let prepare = table.loading(&[sent], &[0; BATCHES as usize]).prepare().unwrap();
        table.warehouse.batch(&prepare.statements).await.unwrap();
        table
    }

    /// The load of deliveries as one group, under a token of its own.
    fn loading(&self, group: &[Sent], places: &[i64]) -> Loading {
        let member = |sent: &Sent| {
            let delivery = self.delivery(sent, places[usize::from(sent.batch)]);
            delivery.member(1, DateTime::UNIX_EPOCH)
        };
        let mut members: Vec<Member> = group.iter().map(member).collect();
        members.sort_by(|one, other| one.place().cmp(&other.place()));
        let name = GroupName::new(TableName::parse("public.x").unwrap(), self.token.fetch_add(1, Ordering::Relaxed));
        Loading::of(Group { version: 1, group: name, members }, self.dataset.dataset.clone()).unwrap()
    }

    fn delivery(&self, sent: &Sent, place: i64) -> Delivery {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let pin = |etag: String| Pin { version_id: None, etag, size_bytes: 1, last_modified: at(sent.version) };
        let url = url(sent.batch);
        let manifest = Manifest {
            version: 1,
            batch: BatchId::of(&url),
            url,
            pin: pin(format!("{}", sent.version)),
            sha256: String::new(),
            sequencer: None,
            as_of: None,
            batch_at: Some(at(place)),
            entries: Vec::new(),
        };
        let input = S3Url::new("landing", "x/x.csv").unwrap();
        let input = Input { url: input, pin: pin("x".to_owned()), promise: ListingMeta::default() };
        let plan = RunPlan::for_manifest(&manifest, &self.dataset, vec![input], None).unwrap();
        let rows = sent.rows.len() as u64;
        let file = |rows| ParquetFile {
            url: S3Url::new("lake", "x.parquet").unwrap(),
            size_bytes: 1,
            rows,
            partition: Vec::new(),
        };
        let part = Part {
            version: 1,
            run: plan.run.clone(),
            item: 0,
            counts: Counts { read: rows, accepted: rows, ..Counts::default() },
            rejected_by_reason: BTreeMap::new(),
            truncated: BTreeMap::new(),
            files: Some(rows).filter(|rows| *rows > 0).map(file).into_iter().collect(),
            rejects: None,
            inputs: Vec::new(),
        };
        Delivery::of(plan, self.dataset.dataset.clone(), manifest, vec![part]).unwrap()
    }

    fn row(&self, of: &RunPlan, (id, (at, partition, v)): &Row) -> String {
        let or_null = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
        let literals = partition.map(|partition| self.spec.by.literals[usize::from(partition)]);
        let literal = literals.map(|literals| literals[usize::from(id % 2 == 0)].to_owned());
        let (at, partition) = (at.map(|at| at.to_string()), partition.map(|partition| partition.to_string()));
        let values = [or_null(at), or_null(partition), or_null(literal)].join(", ");
        format!("('{}', '{}', {id}, {values}, '{v}')", of.batch, of.run)
    }

    /// Stages and publishes a group; `Err` is the warehouse's. Its counts are in the order of what was sent.
    async fn publish(&self, group: &[Sent], places: &[i64]) -> Result<Vec<Counted>, String> {
        let loading = self.loading(group, places);
        let source = stage::Source { manifest: S3Url::new("control", "x").unwrap(), role: &CopyRole::Default };
        let staging = stage::statements(&loading.group, &loading.names, &loading.columns, &source).unwrap();
        let is_copy = |sql: &String| sql.starts_with("COPY");
        // What COPY would do, done by INSERT, before the count check that comes last.
        let (before, check) = staging.split_at(staging.len() - 1);
        let mut staging: Vec<String> = before.iter().filter(|sql| !is_copy(sql)).cloned().collect();
        let plans: Vec<RunPlan> =
            group.iter().map(|sent| self.delivery(sent, places[usize::from(sent.batch)]).plan).collect();
        let rows = group.iter().zip(&plans).flat_map(|(sent, plan)| sent.rows.iter().map(|row| self.row(plan, row)));
        let rows: Vec<String> = rows.collect();
        if !rows.is_empty() {
            staging.push(format!("INSERT INTO {} VALUES {}", loading.names.stage, rows.join(", ")));
        }
        staging.extend_from_slice(check);
        self.warehouse.batch(&staging).await.unwrap();
        let statements = publish::statements(&loading).unwrap();
        if let Some(cut) = group[0].cut {
            let mut transaction = self.warehouse.begin();
            for statement in statements.iter().take(cut % statements.len()) {
                if transaction.run(statement).await.is_err() {
                    break;
                }
            }
        }
        self.warehouse.batch(&statements).await.map_err(|error| error.to_string())?;
        let counts = "rows_staged, rows_published, rows_stale, rows_replaced, rows_withdrawn";
        let mut counted = Vec::new();
        for plan in &plans {
            let entry = self.texts(&format!("SELECT {counts} FROM sluice.ledger WHERE run = '{}'", plan.run)).await;
            counted.push(std::array::from_fn(|at| entry[0][at].as_ref().unwrap().parse().unwrap()));
        }
        Ok(counted)
    }

    async fn rows(&self) -> BTreeMap<String, Vec<Row>> {
        let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in self.texts("SELECT _sluice_batch, id, at, p, v FROM public.x").await {
            let [batch, id, at, partition, v] = row.try_into().unwrap();
            let partition = partition.map(|partition| partition.parse().unwrap());
            let rest = (at.map(|at| at.parse().unwrap()), partition, v.unwrap().chars().next().unwrap());
            rows.entry(batch.unwrap()).or_default().push((id.unwrap().parse().unwrap(), rest));
        }
        rows.into_iter().map(|(batch, rows)| (batch, sorted(rows))).collect()
    }

    async fn texts(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        self.warehouse.execute(sql).await.unwrap().result.unwrap().texts().unwrap()
    }
}

fn a_row() -> impl Strategy<Value = Row> {
    let rest = (prop::option::of(0..3_i64), prop::option::weighted(0.8, 0..3_u8), prop::sample::select(vec!['a', 'b']));
    (0..5_i64, rest)
}

fn a_delivery() -> impl Strategy<Value = Sent> {
    let rows = prop::collection::vec(a_row(), 0..6);
    (0..BATCHES, 0..3_i64, rows, prop::option::weighted(0.3, 0..20_usize))
        .prop_map(|(batch, version, rows, cut)| Sent { batch, version, rows, cut })
}

/// Deliveries in the order in which they are published. Two with one batch and version are the same delivery.
fn deliveries() -> impl Strategy<Value = Vec<Sent>> {
    prop::collection::vec(a_delivery(), 1..8).prop_map(|mut all: Vec<Sent>| {
        let mut first: BTreeMap<(u8, i64), Vec<Row>> = BTreeMap::new();
        for sent in &mut all {
            sent.rows = first.entry((sent.batch, sent.version)).or_insert_with(|| sent.rows.clone()).clone();
        }
        all
    })
}

/// The batches' places; several may be at one moment.
fn places() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(0..3_i64, usize::from(BATCHES))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// What is sent, as the batch's items would make it.
fn made(spec: Spec, all: &[Sent]) -> Vec<Sent> {
    let mut all = all.to_vec();
    for sent in all.iter_mut().filter(|_| spec.is_unique) {
        let mut seen = BTreeSet::new();
        sent.rows.retain(|row| seen.insert(row.0));
    }
    all
}

/// The deliveries in groups of so many each, as far as those of one batch are in different ones.
fn groups(all: &[Sent], size: usize) -> Vec<Vec<Sent>> {
    let mut groups: Vec<Vec<Sent>> = Vec::new();
    for sent in all {
        match groups.last_mut() {
            Some(last) if last.len() < size && last.iter().all(|other| other.batch != sent.batch) => {
                last.push(sent.clone());
            }
            _ => groups.push(vec![sent.clone()]),
        }
    }
    groups
}

async fn agrees(spec: Spec, places: &[i64], all: &[Sent], size: usize) -> Result<(), TestCaseError> {
    let table = Table::new(spec).await;
    let mut model = Model::default();
    for group in groups(&made(spec, all), size) {
        let counted = table.publish(&group, places).await;
        match model.publish(spec, places, &group) {
            Some(expected) => prop_assert_eq!(counted, Ok(expected)),
            None => {
                let error = counted.unwrap_err();
                prop_assert!(error.contains("in the ledger"), "{}", error);
            }
        }
        prop_assert_eq!(table.rows().await, model.rows());
    }
    Ok(())
}

/// The first deliveries alone, in this order and the other way round, one by one and together, end in the same table.
async fn is_any_order(spec: Spec, places: &[i64], all: &[Sent], size: usize) -> Result<(), TestCaseError> {
    let mut batches = BTreeSet::new();
    let mut once = made(spec, all);
    once.retain(|sent| batches.insert(sent.batch));
    once.iter_mut().for_each(|sent| sent.cut = None);
    let mut ends = Vec::new();
    for size in [1, size] {
        once.reverse();
        let table = Table::new(spec).await;
        for group in groups(&once, size) {
            table.publish(&group, places).await.unwrap();
        }
        ends.push(table.rows().await);
    }
    prop_assert_eq!(&ends[0], &ends[1]);
    Ok(())
}

/// What a dataset that says no more than the mode has.
const PLAIN: Spec = Spec { mode: LoadMode::Append, with_newest: false, is_unique: false, by: &MONTH };

macro_rules! holds {
    ($name:ident, $cases:literal, $spec:expr) => {
        mod $name {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases($cases))]

                #[test]
                fn the_table_is_the_models(places in places(), all in deliveries(), size in 1..4_usize) {
                    runtime().block_on(agrees($spec, &places, &all, size))?;
                }

                #[test]
                fn batches_end_the_same_in_any_order(places in places(), all in deliveries(), size in 1..5_usize) {
                    runtime().block_on(is_any_order($spec, &places, &all, size))?;
                }
            }
        }
    };
}

holds!(append, 4, PLAIN);
holds!(upsert, 8, Spec { mode: LoadMode::Upsert, ..PLAIN });
holds!(upsert_newest, 8, Spec { mode: LoadMode::Upsert, with_newest: true, ..PLAIN });
holds!(upsert_newest_deduplicated, 6, Spec { mode: LoadMode::Upsert, with_newest: true, is_unique: true, ..PLAIN });
holds!(replace, 6, Spec { mode: LoadMode::Replace, ..PLAIN });
holds!(replace_months, 4, Spec { mode: LoadMode::ReplacePartitions, ..PLAIN });
holds!(replace_hours, 3, Spec { mode: LoadMode::ReplacePartitions, by: &HOUR, ..PLAIN });
holds!(replace_numbers, 3, Spec { mode: LoadMode::ReplacePartitions, by: &NUMBER, ..PLAIN });
holds!(replace_booleans, 3, Spec { mode: LoadMode::ReplacePartitions, by: &BOOLEAN, ..PLAIN });
holds!(replace_varchars, 4, Spec { mode: LoadMode::ReplacePartitions, by: &VARCHAR, ..PLAIN });
holds!(replace_chars, 4, Spec { mode: LoadMode::ReplacePartitions, by: &CHAR, ..PLAIN });
