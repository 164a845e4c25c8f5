//! Many runs of few tables, in virtual time: the whole pipeline, with statements that take as long as on Redshift.
//!
//! All of the local AWS runs on one runtime whose time is tokio's to move: it jumps to the next thing that waits whenever
//! nothing else is to be done, and stands still while a function runs. So an hour passes in seconds, and what is measured
//! is what the lease, the queue, the waits of the state machine and the locks of the warehouse make of it.
//!
//! `cargo test -p tests --test pipeline simulation -- --nocapture` prints the figures.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the figures are what a person runs this for")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{panic, thread};

use aws::object;
use aws_sdk_redshiftdata::types::StatusString;
use chrono::{DateTime, Utc};
use local::{Clock, Latencies, Local, Options, Pace};
use model::dataset::DatasetFile;
use model::name::RunName;
use model::report::Status;
use serde_json::json;
use sluice::command::send;
use sluice::history;
use sluice::place::Place;
use sluice::{upload, warehouse};
use tempfile::TempDir;
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// A COPY and a commit as they are said to be of Redshift; a function with its start and its calls to S3.
const LATENCIES: Latencies = Latencies {
    function: Duration::from_millis(300),
    warehouse: ::warehouse::Latencies { copy: Duration::from_secs(2), commit: Duration::from_secs(1) },
};

/// A simulation takes a minute or two, on a slow machine some more.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Rows of each run.
const ROWS: usize = 2;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn target(table: usize) -> String {
    format!("analytics.t{table}")
}

/// A dataset for a table of its own. Runs are loaded together with those of the same dataset file.
fn dataset(table: usize, version: u32) -> DatasetFile {
    let target = target(table);
    let text = format!(
        "dataset: t{table}\nlanding: t{table}/\nformat: csv\ncolumns: {{id: {{type: bigint}}, run: {{type: integer}}}}\n\
         rejects: {{max_rows: {version}}}\nload: {{table: {target}, mode: append}}\n"
    );
    DatasetFile::parse(&text, "the simulation's dataset").unwrap()
}

/// What comes: to which table, when, and under which version of its dataset file.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    table: usize,
    number: u32,
    after: Duration,
    version: u32,
}

/// So many runs of a table, spread evenly.
fn arrivals(table: usize, runs: u32, within: Duration) -> Vec<Arrival> {
    (0..runs).map(|number| Arrival { table, number, after: within * number / runs, version: 1 }).collect()
}

/// What one run had to wait for.
#[derive(Debug)]
struct Published {
    /// After the start.
    at: Duration,
    /// After its manifest came.
    waited: Duration,
}

/// What came of it, table by table.
#[derive(Debug, Default)]
struct Outcome {
    published: BTreeMap<usize, Vec<Published>>,
    groups: usize,
    /// The documents of submissions that failed.
    failures: Vec<String>,
}

impl Outcome {
    /// When the last run of a table was published.
    fn end(&self, table: usize) -> Duration {
        self.published[&table].iter().map(|run| run.at).max().unwrap()
    }

    fn tell(&self, what: &str) {
        let all = || self.published.values().flatten();
        let mut waits: Vec<Duration> = all().map(|run| run.waited).collect();
        waits.sort_unstable();
        let (runs, end) = (waits.len(), all().map(|run| run.at).max().unwrap());
        let a_minute = runs as u128 * 60_000 / end.as_millis();
        println!(
            "{what}: {runs} runs in {:.0?}, {a_minute} a minute, {} groups, median wait {:.0?}, longest {:.0?}",
            end,
            self.groups,
            waits[runs / 2],
            waits[runs - 1],
        );
    }
}

/// What a caller does, on a runtime whose time is real, while the simulation's stands still.
#[derive(Clone)]
struct Outside(Handle);

impl Outside {
    async fn does<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let runtime = self.0.clone();
        tokio::task::spawn_blocking(move || runtime.block_on(work)).await.unwrap()
    }
}

/// Lets everything arrive, and waits until all of it is done. Fails unless every run has succeeded, is in the ledger once,
/// and has its rows in the table once.
fn simulated(what: &str, arrivals: Vec<Arrival>) -> Outcome {
    let real = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let outside = Outside(real.handle().clone());
    let (ended, end) = mpsc::channel();
    let simulation = thread::spawn(move || {
        let inside = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        // Nobody hears of it any more, where it came too late.
        let _ended = ended.send(inside.block_on(simulate(outside, arrivals)));
    });
    // A function that sleeps would wait for ever, since time stands still while it runs.
    let outcome = end.recv_timeout(PATIENCE);
    assert_ne!(outcome.as_ref().err(), Some(&RecvTimeoutError::Timeout), "time stands still");
    let outcome = outcome.unwrap_or_else(|_| panic::resume_unwind(simulation.join().unwrap_err()));
    outcome.tell(what);
    outcome
}

async fn simulate(outside: Outside, arrivals: Vec<Arrival>) -> Outcome {
    let folder = TempDir::new().unwrap();
    let began = Instant::now();
    let clock: Clock = Arc::new(move || start() + (Instant::now() - began));
    let options =
        Options { clock, latencies: LATENCIES, pace: Pace::Real, max_attempts: 1, ..Options::at(folder.path()) };
    let local = Local::start_here(options).await.unwrap();
    let place = Place::of(&local).unwrap();

    let (runs, mut sending) = (arrivals.len(), JoinSet::new());
    for arrival in arrivals {
        let (outside, place, files) = (outside.clone(), place.clone(), folder.path().join("files"));
        sending.spawn(async move {
            sleep_until(began + arrival.after).await;
            let deliver = async move {
                let Arrival { table, number, version, .. } = arrival;
                let (dataset, file) = (dataset(table, version), files.join(format!("{table}-{number}.csv")));
                upload::datasets(&place, std::slice::from_ref(&dataset)).await.unwrap();
                std::fs::create_dir_all(&files).unwrap();
                std::fs::write(&file, format!("id,run\n1,{number}\n2,{number}\n")).unwrap();
                send::deliver(&place, &dataset, &format!("batch-{number}"), &[file], None).await.unwrap().run
            };
            (outside.does(deliver).await, arrival)
        });
    }
    let mut sent = BTreeMap::new();
    while let Some(ended) = sending.join_next().await {
        let (run, arrival) = ended.unwrap();
        assert!(sent.insert(run, arrival).is_none(), "every delivery is a run of its own");
    }
    assert_eq!(sent.len(), runs);
    local.idle().await;
    outside.does(async move { outcome(&place, &sent).await }).await
}

/// When the publish of each group was committed, by the group's name.
async fn publishes(place: &Place) -> BTreeMap<String, Duration> {
    let (mut ends, mut token) = (BTreeMap::new(), None);
    loop {
        let statements = place.clients.redshift_data.list_statements().statement_name("sluice ").set_next_token(token);
        let page = statements.status(StatusString::Finished).send().await.unwrap();
        for statement in page.statements() {
            let words: Vec<&str> = statement.statement_name().unwrap().split(' ').collect();
            let at = statement.updated_at().unwrap().to_millis().unwrap() - start().timestamp_millis();
            if words[2] == "publish" {
                assert!(ends.insert(words[1].to_owned(), Duration::from_millis(at.try_into().unwrap())).is_none());
            }
        }
        token = page.next_token;
        if token.is_none() {
            return ends;
        }
    }
}

/// Holds what is in the ledger, the tables and the reports against what was sent.
async fn outcome(place: &Place, sent: &BTreeMap<RunName, Arrival>) -> Outcome {
    let (mut outcome, mut groups, mut seen) = (Outcome::default(), BTreeSet::new(), BTreeSet::new());
    let ends = publishes(place).await;
    let ledger = "SELECT run, target, token FROM sluice.ledger";
    for row in warehouse::query(place, ledger).await.unwrap().rows {
        let run = RunName::parse(row[0].as_str().unwrap()).unwrap();
        let arrival = sent[&run];
        assert_eq!(row[1], json!(target(arrival.table)), "{run}");
        let group = format!("{}/{}", target(arrival.table), row[2]);
        let at = ends[&group];
        groups.insert(group);
        outcome.published.entry(arrival.table).or_default().push(Published { at, waited: at - arrival.after });
        assert!(seen.insert(run), "{row:?} is in the ledger twice");
    }
    assert_eq!(seen.len(), sent.len(), "runs are in the ledger");
    for table in sent.values().map(|arrival| arrival.table).collect::<BTreeSet<_>>() {
        let rows = format!("SELECT _sluice_run, COUNT(*) FROM {} GROUP BY _sluice_run", target(table));
        let rows = warehouse::query(place, &rows).await.unwrap().rows;
        assert_eq!(rows.len(), sent.values().filter(|arrival| arrival.table == table).count(), "runs have rows");
        assert!(rows.iter().all(|row| row[1] == json!(ROWS)), "{rows:?}");
    }
    for run in sent.keys() {
        let report = history::report(place, run, 1).await.unwrap();
        assert_eq!(report.status, Status::Succeeded, "{run}: {:?}", report.error);
    }
    outcome.groups = groups.len();
    let documents = object::list(&place.clients.s3, &place.control_bucket, "groups/").await.unwrap();
    outcome.failures = documents.into_iter().map(|object| object.key).filter(|key| key.contains("/failed/")).collect();
    outcome
}

#[test]
fn a_thousand_runs_of_one_table_take_minutes_and_one_by_one_hours() {
    let within = Duration::from_secs(60);
    let together = simulated("in groups", arrivals(0, 1_000, within));
    assert!(together.end(0) < 3 * within, "{:?}", together.end(0));
    // Runs of different dataset files are not loaded together. A second apart, each is read before the next is written.
    let within = Duration::from_secs(20);
    let others = |arrival: Arrival| Arrival { version: arrival.number, ..arrival };
    let alone = simulated("one by one", arrivals(0, 20, within).into_iter().map(others).collect());
    assert_eq!(alone.groups, 20);
    // Twenty tell how long a thousand take, once all of them are there.
    let thousand = 50 * (alone.end(0) - within);
    assert!(thousand > 20 * together.end(0), "{thousand:?} to {:?}", together.end(0));
}

#[test]
fn tables_do_not_wait_for_each_other() {
    let within = Duration::from_secs(10);
    let alone = simulated("a small table alone", arrivals(0, 20, within));
    let others = (1..=4).flat_map(|table| arrivals(table, 100, within));
    let beside = simulated("and beside four of 100", arrivals(0, 20, within).into_iter().chain(others).collect());
    let (alone, ends) = (alone.end(0), (0..=4).map(|table| beside.end(table)).collect::<Vec<_>>());
    // A commit of another may stand in front of each of its own.
    assert!(ends.iter().all(|end| *end < alone + within / 2), "{ends:?}, and {alone:?} alone");
    // Who comes first makes the ledger, the others try again. After that no load meets one of another table.
    let conflicts: Vec<_> = beside.failures.iter().filter(|key| !key.ends_with("/1/failed/prepare-1.json")).collect();
    assert!(conflicts.is_empty(), "{conflicts:?}");
}
