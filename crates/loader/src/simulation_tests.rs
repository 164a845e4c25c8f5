//! Many runs of few tables in virtual time: how long they wait, with groups and without.
//!
//! What is simulated is time: how long a statement takes, how long a call, when each execution looks again. What is decided
//! is decided by the loader: who may take a lease (`lease::turn`), who goes along (`queue::chosen`), how long is waited
//! (`decision`). Statements take as long as Redshift's are said to: 2 seconds a COPY, 1 second a publish.
//!
//! `cargo test -p loader simulation -- --nocapture` prints the figures.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use aws::object::Listed;
use chrono::{DateTime, TimeDelta, Utc};
use model::group::Lease;
use model::name::{ExecutionName, RunName};

use crate::decision::{FIRST_WAIT_SECONDS, longer, longer_in_queue};
use crate::lease::{Turn, turn};
use crate::queue::{MOST_RUNS, chosen, places};

/// Milliseconds of virtual time.
type Millis = i64;
/// A run: of which table, and which of its runs.
type Run = (usize, usize);

/// The statements of a group, in order: prepare, the COPY, the publish, the ledger. One publish holds the lock at a time,
/// which the lease sees to.
const STATEMENTS: [Millis; 4] = [200, 2_000, 1_000, 100];
/// A call of the function, with its calls to S3 and the Data API.
const CALL: Millis = 300;

/// What there is to simulate.
struct Load {
    /// How many runs each table gets.
    tables: Vec<usize>,
    /// They come over so long.
    within: Millis,
    /// How many are loaded together at most.
    most: usize,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    /// When the last run of each table was published.
    ends: Vec<Millis>,
    /// How long each run waited for its publish, of each table, in order.
    waits: Vec<Vec<Millis>>,
    /// How often each run was published.
    published: BTreeMap<Run, usize>,
    groups: usize,
}

/// One table, while time goes by.
#[derive(Default)]
struct Table {
    lease: Option<Lease>,
    /// Who waits, and since when.
    queue: BTreeMap<Run, Millis>,
}

fn millis(number: usize) -> Millis {
    Millis::try_from(number).unwrap()
}

fn at(millis: Millis) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis)
}

fn execution((table, number): Run) -> ExecutionName {
    let run = RunName::parse(&format!("t{table}-{number:032x}")).unwrap();
    ExecutionName::new(run, 1).unwrap()
}

/// When a holder sees the end of a statement that it submitted: it looks after 1, 2, 4, … seconds.
fn seen(submitted: Millis, takes: Millis) -> Millis {
    let (mut now, mut wait) = (submitted, FIRST_WAIT_SECONDS);
    loop {
        now += i64::from(wait) * 1_000 + CALL;
        if now - CALL - submitted >= takes {
            return now;
        }
        wait = longer(wait);
    }
}

impl Table {
    /// Whether it is this execution's turn; then it leads, and these are loaded.
    fn look(&mut self, us: Run, now: Millis, most: usize) -> Option<Vec<Run>> {
        let execution_of_us = execution(us);
        let token = match &self.lease {
            None => 1,
            Some(lease) => match turn(lease, &execution_of_us, at(now), 1) {
                Turn::Free(token) => token,
                Turn::Ours(_) | Turn::Theirs => return None,
            },
        };
        self.lease = Some(Lease {
            version: 1,
            token,
            holder: Some(execution_of_us.clone()),
            until: at(now) + TimeDelta::minutes(5),
        });
        let listed = self.queue.iter().map(|(run, since)| Listed {
            key: format!("queue/{}.json", execution(*run)),
            size_bytes: 1,
            last_modified: at(*since),
        });
        let waiting = places(listed.collect(), "queue/");
        let number = |execution: &ExecutionName| (us.0, usize::from_str_radix(execution.run().hash(), 16).unwrap());
        let beside = chosen(&execution_of_us, &waiting).into_iter().take(most - 1).map(number);
        Some(std::iter::once(us).chain(beside).collect())
    }
}

fn simulate(load: &Load) -> Outcome {
    let mut tables: Vec<Table> = load.tables.iter().map(|_| Table::default()).collect();
    let mut outcome = Outcome {
        ends: vec![0; load.tables.len()],
        waits: vec![Vec::new(); load.tables.len()],
        published: BTreeMap::new(),
        groups: 0,
    };
    // When, who, and how long it has waited before; groups that end stand in front.
    let mut looks: BinaryHeap<Reverse<(Millis, Run, u32)>> = BinaryHeap::new();
    let mut ends: BinaryHeap<Reverse<(Millis, usize, Vec<Run>)>> = BinaryHeap::new();
    let mut came = BTreeMap::new();
    for (table, runs) in load.tables.iter().enumerate() {
        for number in 0..*runs {
            let when = load.within * millis(number) / millis(*runs);
            came.insert((table, number), when);
            looks.push(Reverse((when, (table, number), 0)));
        }
    }
    while let Some(Reverse((now, who, waited))) = looks.pop() {
        let table = who.0;
        while ends.peek().is_some_and(|Reverse((end, ..))| *end <= now) {
            let Reverse((end, table, group)) = ends.pop().unwrap();
            for run in group {
                outcome.waits[table].push(end - came[&run]);
                *outcome.published.entry(run).or_default() += 1;
                tables[table].queue.remove(&run);
            }
            outcome.ends[table] = end;
            tables[table].lease.as_mut().unwrap().holder = None;
        }
        if outcome.published.contains_key(&who) {
            continue;
        }
        tables[table].queue.entry(who).or_insert(now);
        match tables[table].look(who, now, load.most) {
            Some(group) => {
                let end = STATEMENTS.iter().fold(now + CALL, |submitted, takes| seen(submitted, *takes));
                outcome.groups += 1;
                ends.push(Reverse((end, table, group)));
                looks.push(Reverse((end, who, 0)));
            }
            None => {
                let wait = longer_in_queue(waited, &execution(who).to_string());
                looks.push(Reverse((now + CALL + i64::from(wait) * 1_000, who, wait)));
            }
        }
    }
    outcome
}

fn told(what: &str, load: &Load, outcome: &Outcome) {
    let runs: usize = load.tables.iter().sum();
    let end = outcome.ends.iter().max().unwrap();
    let mut waits: Vec<Millis> = outcome.waits.iter().flatten().copied().collect();
    waits.sort_unstable();
    println!(
        "{what}: {runs} runs in {} s, {} runs a minute, {} groups, median wait {} s, longest {} s",
        end / 1_000,
        millis(runs) * 60_000 / end,
        outcome.groups,
        waits[waits.len() / 2] / 1_000,
        waits[waits.len() - 1] / 1_000
    );
}

fn checked(what: &str, load: &Load) -> Outcome {
    let outcome = simulate(load);
    told(what, load, &outcome);
    let runs: usize = load.tables.iter().sum();
    assert_eq!(outcome.published.len(), runs, "none is lost");
    assert!(outcome.published.values().all(|times| *times == 1), "none is published twice");
    outcome
}

#[test]
fn a_thousand_runs_of_one_table_take_minutes_and_one_by_one_hours() {
    let load = |runs, most| Load { tables: vec![runs], within: 60_000, most };
    let together = checked("in groups", &load(1_000, MOST_RUNS));
    assert!(together.ends[0] < 180_000, "{together:?}");
    // A tenth of them tells how long one takes.
    let alone = checked("one by one", &load(100, 1));
    assert!(10 * alone.ends[0] > 20 * together.ends[0], "{} to {}", alone.ends[0], together.ends[0]);
}

#[test]
fn tables_do_not_wait_for_each_other() {
    let alone = checked("a small table alone", &Load { tables: vec![20], within: 10_000, most: MOST_RUNS });
    let mut tables = vec![20];
    tables.extend([500; 4]);
    let beside = checked("and beside four of 500", &Load { tables, within: 10_000, most: MOST_RUNS });
    assert_eq!(beside.ends[0], alone.ends[0], "it ends as if it were alone");
    let (first, last) = (beside.ends[1..].iter().min().unwrap(), beside.ends[1..].iter().max().unwrap());
    assert!(last - first < 20_000, "tables of one size end together: {:?}", beside.ends);
}
