//! The runs that wait to be loaded into a table, and who of them is loaded together.
//!
//! A run enters its queue when its rows are in the lake, and leaves it when the ledger has it or it has failed. Whoever
//! holds the lease of the table loads itself and those who wait beside it. A group that fails is split: each of its runs
//! is marked to be loaded with half as many, so that after a few turns a run that cannot be loaded is alone, and fails
//! alone.

use std::collections::BTreeMap;

use aws::object::{self, Listed};
use aws_sdk_s3::Client;
use chrono::{DateTime, TimeDelta, Utc};
use model::group::{Member, QueueName, Waiting};
use model::name::ExecutionName;
use model::{Error, Kind, Result, layout};
use tokio::task::JoinSet;

use crate::settle;

/// So many runs are loaded together at most. Their rows of the ledger, staging and the manifest of COPY are one
/// submission, which has limits (facts/redshift-data-api.md).
pub const MOST_RUNS: usize = 100;

/// Runs are loaded together up to so many bytes of Parquet, so that no run waits for long behind the COPY of others.
const MOST_BYTES: u64 = 64 << 30;

/// An execution ends after six hours (`infra/flow.asl.json`); what waits for longer has nobody who waits.
const DEAD_AFTER: TimeDelta = TimeDelta::hours(7);

/// So many calls are made at once.
const AT_ONCE: usize = 16;

/// A run that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The execution that waits.
    pub execution: ExecutionName,
    /// With how many in all it may be loaded.
    most: usize,
    /// When it entered.
    since: DateTime<Utc>,
    /// Whether its document is there: marks alone are no run.
    is_waiting: bool,
    /// Its objects.
    keys: Vec<String>,
}

/// One queue, as one execution sees it.
#[derive(Debug, Clone, Copy)]
pub struct Queue<'a> {
    s3: &'a Client,
    bucket: &'a str,
    name: &'a QueueName,
}

impl<'a> Queue<'a> {
    /// The queue of that name.
    pub fn of(s3: &'a Client, bucket: &'a str, name: &'a QueueName) -> Self {
        Self { s3, bucket, name }
    }

    /// Enters a run. One that waits already keeps its place.
    pub async fn enter(&self, member: Member) -> Result<()> {
        let execution = settle::execution(&member)?;
        let waiting = object::to_json(&Waiting { version: Waiting::VERSION, member })?;
        let created = object::create(self.s3, self.bucket, &layout::waiting(self.name, &execution), waiting).await?;
        tracing::info!(queue = %self.name, ?created, "run waits to be loaded");
        Ok(())
    }

    /// Who waits, those who came first in front.
    pub async fn places(&self) -> Result<Vec<Place>> {
        let folder = layout::queue(self.name);
        Ok(places(object::list(self.s3, self.bucket, &folder).await?, &folder))
    }

    /// Who is loaded together with one that waits, itself in front. Those that nobody waits for any more are taken out.
    pub async fn beside(&self, own: Member, now: DateTime<Utc>) -> Result<Vec<Member>> {
        let us = settle::execution(&own)?;
        let (dead, alive): (Vec<_>, Vec<_>) =
            self.places().await?.into_iter().partition(|place| place.execution != us && now - place.since > DEAD_AFTER);
        self.remove(dead.into_iter().flat_map(|place| place.keys).collect()).await?;
        let keys = chosen(&us, &alive).into_iter().map(|execution| layout::waiting(self.name, execution));
        let others: Vec<Waiting> = documents(self.s3, self.bucket, keys.collect()).await?;
        Ok(fitting(own, others.into_iter().map(|waiting| waiting.member)))
    }

    /// What a run that waits is; `None` where it does not.
    pub async fn find(&self, execution: &ExecutionName) -> Result<Option<Member>> {
        let key = layout::waiting(self.name, execution);
        let waiting: Option<Waiting> = object::read_document(self.s3, self.bucket, &key).await?;
        Ok(waiting.map(|waiting| waiting.member))
    }

    /// Takes runs out.
    pub async fn leave(&self, executions: &[ExecutionName]) -> Result<()> {
        let theirs = self.places().await?.into_iter().filter(|place| executions.contains(&place.execution));
        self.remove(theirs.flat_map(|place| place.keys).collect()).await
    }

    /// From now on each of these is loaded with so few that they are at most so many.
    pub async fn split(&self, executions: &[ExecutionName], most: usize) -> Result<()> {
        for execution in executions {
            let key = layout::at_most(self.name, execution, most);
            object::create(self.s3, self.bucket, &key, b"{}\n".to_vec()).await?;
        }
        Ok(())
    }

    async fn remove(&self, keys: Vec<String>) -> Result<()> {
        let removed = each(keys, |key| {
            let (s3, bucket) = (self.s3.clone(), self.bucket.to_owned());
            async move { object::remove(&s3, &bucket, &key).await }
        });
        removed.await.map(drop)
    }
}

/// Documents that are there, in the order of their keys; one that went meanwhile is left out.
pub async fn documents<T>(s3: &Client, bucket: &str, keys: Vec<String>) -> Result<Vec<T>>
where
    T: serde::de::DeserializeOwned + Send + 'static,
{
    let read = each(keys, |key| {
        let (s3, bucket) = (s3.clone(), bucket.to_owned());
        async move { object::read_document(&s3, &bucket, &key).await }
    });
    Ok(read.await?.into_iter().flatten().collect())
}

/// Makes a call for each key, some at once; the answers in the order of the keys.
async fn each<T, F>(keys: Vec<String>, call: impl Fn(String) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut answers: BTreeMap<usize, T> = BTreeMap::new();
    let mut calls = JoinSet::new();
    let mut rest = keys.into_iter().enumerate();
    loop {
        while calls.len() < AT_ONCE
            && let Some((number, key)) = rest.next()
        {
            let call = call(key);
            calls.spawn(async move { call.await.map(|answer| (number, answer)) });
        }
        let Some(ended) = calls.join_next().await else { return Ok(answers.into_values().collect()) };
        let (number, answer) = ended.map_err(|error| Error::new(Kind::Bug, "call", "S3").because(error))??;
        answers.insert(number, answer);
    }
}

/// What a listing of a queue says.
pub fn places(listed: Vec<Listed>, folder: &str) -> Vec<Place> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for object in listed {
        let Some(name) = object.key.strip_prefix(folder).and_then(|name| name.strip_suffix(".json")) else { continue };
        let (execution, most) = match name.split_once('.') {
            Some((execution, most)) => (execution, most.parse().unwrap_or(1)),
            None => (name, MOST_RUNS),
        };
        let Ok(parsed) = ExecutionName::parse(execution) else { continue };
        let place = places.entry(execution.to_owned()).or_insert_with(|| Place {
            execution: parsed,
            most,
            since: object.last_modified,
            is_waiting: false,
            keys: Vec::new(),
        });
        place.most = place.most.min(most);
        place.since = place.since.min(object.last_modified);
        place.keys.push(object.key);
    }
    let mut places: Vec<Place> = places.into_values().collect();
    // Marks alone are left of a run that went while its group was split.
    places.iter_mut().for_each(|place| place.is_waiting = place.keys.iter().any(|key| is_entry(key, &place.execution)));
    places.sort_by_key(|place| place.since);
    places
}

fn is_entry(key: &str, execution: &ExecutionName) -> bool {
    key.rsplit('/').next() == Some(format!("{execution}.json").as_str())
}

/// Who may be loaded beside one, of those who wait: first come, first served, and never more than any of them allows.
pub fn chosen<'a>(us: &ExecutionName, places: &'a [Place]) -> Vec<&'a ExecutionName> {
    let most = places.iter().find(|place| place.execution == *us).map_or(MOST_RUNS, |place| place.most);
    let (mut most, mut chosen) = (most, Vec::new());
    for place in places.iter().filter(|place| place.execution != *us && place.is_waiting) {
        // Itself, those who are there, and this one.
        let number = chosen.len() + 2;
        if number > most {
            break;
        }
        if number <= place.most {
            most = most.min(place.most);
            chosen.push(&place.execution);
        }
    }
    chosen
}

/// Those who fit beside one: each of another batch, and no more bytes than are loaded together.
fn fitting(own: Member, others: impl Iterator<Item = Member>) -> Vec<Member> {
    let mut bytes = own.parquet_bytes;
    let mut members = vec![own];
    for other in others {
        if members.iter().all(|member| member.batch != other.batch) && bytes + other.parquet_bytes <= MOST_BYTES {
            bytes += other.parquet_bytes;
            members.push(other);
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use model::count::Counts;
    use model::name::{BatchId, RunName, S3Url};

    use super::*;

    const FOLDER: &str = "queue/analytics.sales/0/";

    fn run(digit: char) -> RunName {
        RunName::parse(&format!("sales-{}", digit.to_string().repeat(32))).unwrap()
    }

    fn execution(digit: char) -> ExecutionName {
        ExecutionName::new(run(digit), 1).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// `digit[.most]` at a second.
    fn queue(objects: &[(char, &str, i64)]) -> Vec<Place> {
        let listed = objects.iter().map(|(digit, most, second)| Listed {
            key: format!("{FOLDER}{}{most}.json", execution(*digit)),
            size_bytes: 1,
            last_modified: at(*second),
        });
        places(listed.collect(), FOLDER)
    }

    fn digits(executions: Vec<&ExecutionName>) -> String {
        executions.iter().map(|execution| execution.run().hash().chars().next().unwrap()).collect()
    }

    #[test]
    fn who_came_first_is_in_front_and_the_least_mark_counts() {
        let places = queue(&[('a', "", 5), ('b', "", 3), ('b', ".50", 9), ('b', ".25", 9), ('c', "", 4)]);
        let seen: Vec<_> = places.iter().map(|place| (place.execution.clone(), place.most, place.keys.len())).collect();
        assert_eq!(seen, [(execution('b'), 25, 3), (execution('c'), MOST_RUNS, 1), (execution('a'), MOST_RUNS, 1)]);
    }

    #[test]
    fn what_is_no_run_is_no_place() {
        let listed = ["x.json", "README", "sales-0.json"].map(|name| Listed {
            key: format!("{FOLDER}{name}"),
            size_bytes: 1,
            last_modified: at(1),
        });
        assert_eq!(places(listed.to_vec(), FOLDER), []);
    }

    #[test]
    fn no_group_is_larger_than_any_of_it_allows() {
        let all = |own: char, objects: &[(char, &str, i64)]| digits(chosen(&execution(own), &queue(objects)));
        assert_eq!(all('a', &[('a', "", 1), ('b', "", 2), ('c', "", 3)]), "bc");
        let (a, b, c, d) = (('a', "", 1), ('b', "", 2), ('c', "", 3), ('d', "", 4));
        assert_eq!(all('a', &[a, ('a', ".2", 5), b, c]), "b");
        assert_eq!(all('a', &[a, ('a', ".1", 5), b]), "");
        assert_eq!(all('a', &[a, b, ('b', ".1", 5), c, ('c', ".2", 5), d]), "c", "b stays alone");
        assert_eq!(all('a', &[a, b, ('b', ".3", 5), c, d]), "bc");
        assert_eq!(all('a', &[('a', "", 1), ('b', ".1", 2), ('c', "", 3)]), "c", "marks alone are no run");
    }

    #[test]
    fn a_batch_is_in_a_group_once() {
        let member = |digit: char, batch: &str, parquet_bytes| {
            let url = S3Url::new("landing", batch).unwrap();
            Member {
                run: run(digit),
                n: 1,
                batch: BatchId::of(&url),
                batch_at: at(1),
                manifest_url: url,
                manifest_version: String::new(),
                manifest_sha256: String::new(),
                sequencer: None,
                delivered_at: at(1),
                as_of: None,
                queued_at: at(1),
                dataset_sha256: String::new(),
                files: 1,
                input_bytes: 1,
                parquet_files: 1,
                parquet_bytes,
                counts: Counts::default(),
                isolated: 0,
            }
        };
        let others = [member('b', "x", 1), member('c', "y", MOST_BYTES), member('d', "y", 1), member('e', "y", 1)];
        let together = fitting(member('a', "x", 1), others.into_iter());
        let together: Vec<RunName> = together.into_iter().map(|member| member.run).collect();
        assert_eq!(together, [run('a'), run('d')]);
    }
}
