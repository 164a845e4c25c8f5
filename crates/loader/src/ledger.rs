//! The ledger: one row for each run that is published, written in the transaction that published it.
//!
//! Rows are inserted and never changed. What the ledger says is the truth: a statement's status or error text may be
//! lost, late or shortened, a row is there or is not.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use model::group::Member;
use model::name::{BatchId, RunName, TableName};
use model::{Error, Kind, Result};

use crate::statement::Row;

/// The columns of `sluice.ledger`, for whoever asks it. Names and order are those of the table; a column more goes to
/// the end, and needs an ALTER TABLE in ledgers, and tables of targets' runs, that are there.
pub const COLUMNS: &[(&str, &str)] = &[
    ("run", "varchar(80) NOT NULL"),
    ("batch", "varchar(64) NOT NULL"),
    ("dataset", "varchar(64) NOT NULL"),
    ("dataset_sha256", "varchar(64) NOT NULL"),
    ("target", "varchar(256) NOT NULL"),
    ("mode", "varchar(32) NOT NULL"),
    ("manifest_url", "varchar(1200) NOT NULL"),
    ("manifest_version", "varchar(1200) NOT NULL"),
    ("manifest_sha256", "varchar(64) NOT NULL"),
    ("sequencer", "varchar(64)"),
    ("delivered_at", "timestamp NOT NULL"),
    ("as_of", "timestamp"),
    ("files", "bigint NOT NULL"),
    ("input_bytes", "bigint NOT NULL"),
    ("parquet_files", "bigint NOT NULL"),
    ("parquet_bytes", "bigint NOT NULL"),
    ("rows_read", "bigint NOT NULL"),
    ("rows_accepted", "bigint NOT NULL"),
    ("rows_rejected", "bigint NOT NULL"),
    ("rows_filtered", "bigint NOT NULL"),
    ("rows_duplicate", "bigint NOT NULL"),
    ("rows_staged", "bigint NOT NULL"),
    ("rows_published", "bigint NOT NULL"),
    ("rows_stale", "bigint NOT NULL"),
    ("rows_replaced", "bigint NOT NULL"),
    ("published_at", "timestamp NOT NULL"),
    ("code_version", "varchar(32) NOT NULL"),
    ("batch_at", "timestamp NOT NULL"),
    ("rows_withdrawn", "bigint NOT NULL"),
    ("queued_at", "timestamp NOT NULL"),
    ("token", "bigint NOT NULL"),
    ("rows_isolated", "bigint NOT NULL"),
];

/// A moment as an SQL expression, in microseconds and UTC.
pub fn timestamp(time: DateTime<Utc>) -> String {
    format!("CAST('{}' AS timestamp)", time.format("%Y-%m-%d %H:%M:%S%.6f"))
}

/// One row, as far as the loader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run.
    pub run: RunName,
    /// Its batch.
    pub batch: BatchId,
    /// The table that its rows went into: `schema.table`.
    pub target: String,
    /// Its delivery's sequencer, filled up to 64 digits.
    pub sequencer: Option<String>,
    /// Its manifest's Last-Modified.
    pub delivered_at: DateTime<Utc>,
    /// When its rows came into the target.
    pub published_at: DateTime<Utc>,
    /// Rows of files that COPY could not take.
    pub isolated: u64,
    /// Rows in staging.
    pub staged: u64,
    /// Rows of the run in the target.
    pub published: u64,
    /// Staged rows that lost to a newer row.
    pub stale: u64,
    /// Rows of the batch's earlier runs that went.
    pub replaced: u64,
    /// Those of them whose key this run does not have.
    pub withdrawn: u64,
}

impl Entry {
    /// The columns that are asked for, in this order.
    pub const COLUMNS: &[&str] = &[
        "run",
        "batch",
        "target",
        "sequencer",
        "delivered_at",
        "published_at",
        "rows_staged",
        "rows_published",
        "rows_stale",
        "rows_replaced",
        "rows_withdrawn",
        "rows_isolated",
    ];

    /// Reads a row of [`Self::COLUMNS`].
    pub fn read(row: &Row) -> Result<Self> {
        let (run, batch) = (row.text(0)?, row.text(1)?);
        let bad = |error| Error::new(Kind::Bug, "read ledger row of", &run).because(error);
        Ok(Self {
            run: RunName::parse(&run).map_err(bad)?,
            batch: BatchId::parse(&batch).map_err(bad)?,
            target: row.text(2)?,
            sequencer: row.optional_text(3)?,
            delivered_at: time(&row.text(4)?)?,
            published_at: time(&row.text(5)?)?,
            staged: row.count(6)?,
            published: row.count(7)?,
            stale: row.count(8)?,
            replaced: row.count(9)?,
            withdrawn: row.count(10)?,
            isolated: row.count(11)?,
        })
    }

    /// This delivery against another of the same batch. Equal where the same manifest object was delivered again with
    /// another dataset file.
    fn order(&self, other: &Member) -> Ordering {
        other.order(self.sequencer.as_deref(), self.delivered_at).reverse()
    }
}

/// A timestamp as the Data API writes it: `2013-01-01 00:00:00`, with a fraction where it has one. The exact text is
/// (U); a `T` in the middle is read too.
fn time(text: &str) -> Result<DateTime<Utc>> {
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let time = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    time.map(|time| time.and_utc())
        .ok_or_else(|| Error::new(Kind::Bug, "read timestamp of the ledger", text).because("it has another form"))
}

/// Holds a batch's rows of the ledger against the table that a run goes into. A delivery replaces the earlier ones
/// of its batch in its own target only: with another one, which the dataset file named before, the batch would be in
/// both.
///
/// # Errors
/// `Config` that names both tables.
pub fn check_target(entries: &[Entry], batch: &BatchId, target: &TableName) -> Result<()> {
    let target = target.to_string();
    let of_batch = entries.iter().filter(|entry| entry.batch == *batch);
    let others: BTreeSet<&str> = of_batch.map(|entry| entry.target.as_str()).filter(|other| *other != target).collect();
    if others.is_empty() {
        return Ok(());
    }
    let others = others.into_iter().collect::<Vec<_>>().join(" and ");
    Err(Error::new(Kind::Config, "load into", &target).because(format!(
        "batch {batch} was loaded into {others} before, and its rows would be in two tables: delete those of \
         _sluice_batch '{batch}' from {others} and the batch's rows with that target from sluice.ledger, or load under \
         another manifest key"
    )))
}

/// What the ledger says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its rows are in the target.
    Published {
        /// Its row.
        entry: Entry,
        /// The runs of the batch whose rows it replaced, oldest first.
        supersedes: Vec<RunName>,
    },
    /// The target holds a newer delivery of the batch: nothing is left to do for this one, whether or not it was
    /// published before.
    Superseded {
        /// The newest delivery that is published.
        by: RunName,
    },
}

/// What the ledger's rows, oldest first, say of a run and its delivery; `None` where those of its batch do not settle it:
/// it is to be published.
pub fn judge(entries: &[Entry], member: &Member) -> Option<Verdict> {
    let of_batch = || entries.iter().filter(|entry| entry.batch == member.batch);
    let others = || of_batch().filter(|entry| entry.run != member.run);
    let ours = of_batch().find(|entry| entry.run == member.run);
    // Of two equal deliveries the one that was published later has replaced the other.
    let replaces_ours = |entry: &&Entry| match (entry.order(member), ours) {
        (Ordering::Greater, _) => true,
        (Ordering::Equal, Some(ours)) => entry.published_at > ours.published_at,
        _ => false,
    };
    if let Some(newer) = others().rfind(replaces_ours) {
        return Some(Verdict::Superseded { by: newer.run.clone() });
    }
    let ours = ours?;
    let replaced_by_ours = |entry: &&Entry| match entry.order(member) {
        Ordering::Less => true,
        _ => entry.published_at < ours.published_at,
    };
    let earlier = others().filter(replaced_by_ours);
    Some(Verdict::Published { entry: ours.clone(), supersedes: earlier.map(|entry| entry.run.clone()).collect() })
}

#[cfg(test)]
mod tests {
    use model::arrival::{Pin, Sequencer};
    use model::count::Counts;
    use model::error::chain;
    use model::manifest::Manifest;
    use model::name::S3Url;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn run(digit: char) -> RunName {
        RunName::parse(&format!("sales-{}", digit.to_string().repeat(32))).unwrap()
    }

    fn manifest(sequencer: Option<&str>, delivered: i64) -> Manifest {
        let url = S3Url::parse("s3://landing/sales/_manifest.json").unwrap();
        Manifest {
            version: 1,
            batch: BatchId::of(&url),
            url,
            pin: Pin { version_id: None, etag: "e".to_owned(), size_bytes: 1, last_modified: at(delivered) },
            sha256: String::new(),
            sequencer: sequencer.map(Sequencer::new),
            as_of: None,
            batch_at: Some(at(delivered)),
            entries: Vec::new(),
        }
    }

    /// Run `a` of such a manifest.
    fn member(sequencer: Option<&str>, delivered: i64) -> Member {
        Member {
            run: run('a'),
            n: 1,
            batch: manifest(None, 0).batch,
            batch_at: at(delivered),
            manifest_url: manifest(None, 0).url,
            manifest_version: String::new(),
            manifest_sha256: String::new(),
            sequencer: sequencer.map(|text| Sequencer::new(text).padded()),
            delivered_at: at(delivered),
            as_of: None,
            queued_at: at(delivered),
            dataset_sha256: String::new(),
            files: 1,
            input_bytes: 1,
            parquet_files: 1,
            parquet_bytes: 1,
            counts: Counts::default(),
            isolated: 0,
        }
    }

    fn entry(digit: char, sequencer: Option<&str>, delivered: i64, published: i64) -> Entry {
        Entry {
            run: run(digit),
            batch: manifest(None, 0).batch,
            target: "analytics.sales".to_owned(),
            sequencer: sequencer.map(|text| Sequencer::new(text).padded()),
            delivered_at: at(delivered),
            published_at: at(published),
            staged: 3,
            published: 3,
            stale: 0,
            replaced: 0,
            withdrawn: 0,
            isolated: 0,
        }
    }

    #[test]
    fn an_empty_ledger_settles_nothing() {
        assert_eq!(judge(&[], &member(None, 5)), None);
    }

    #[test]
    fn an_older_delivery_is_replaced_and_named() {
        let entries = [entry('b', None, 4, 10), entry('a', None, 5, 11)];
        let verdict = judge(&entries, &member(None, 5));
        let Some(Verdict::Published { entry, supersedes }) = verdict else { panic!("{verdict:?}") };
        assert_eq!((entry.run, supersedes), (run('a'), vec![run('b')]));
        assert_eq!(judge(&entries[..1], &member(None, 5)), None);
    }

    #[test]
    fn a_newer_delivery_supersedes_whether_or_not_ours_was_published() {
        let by = Some(Verdict::Superseded { by: run('b') });
        assert_eq!(judge(&[entry('b', None, 6, 10)], &member(None, 5)), by);
        let both = [entry('a', None, 5, 9), entry('b', None, 6, 10)];
        assert_eq!(judge(&both, &member(None, 5)), by);
    }

    #[test]
    fn the_sequencer_goes_before_the_time_where_both_have_one() {
        let newer_by_time = entry('b', Some("01"), 9, 10);
        assert_eq!(judge(std::slice::from_ref(&newer_by_time), &member(Some("02"), 5)), None);
        assert_eq!(judge(&[newer_by_time], &member(None, 5)), Some(Verdict::Superseded { by: run('b') }));
    }

    #[test]
    fn of_equal_deliveries_the_later_published_has_replaced_the_other() {
        let entries = [entry('a', None, 5, 10), entry('b', None, 5, 11)];
        assert_eq!(judge(&entries, &member(None, 5)), Some(Verdict::Superseded { by: run('b') }));
        assert!(matches!(judge(&entries, &Member { run: run('b'), ..member(None, 5) }),
            Some(Verdict::Published { supersedes, .. }) if supersedes == [run('a')]));
        assert_eq!(judge(&entries, &Member { run: run('c'), ..member(None, 5) }), None, "an equal one is not newer");
    }

    #[test]
    fn the_order_is_the_one_of_manifests() {
        let sequencers = [None, Some("01"), Some("0155"), Some("02")];
        for (ours, theirs) in sequencers.iter().flat_map(|a| sequencers.iter().map(move |b| (a, b))) {
            for delivered in [4, 5, 6] {
                let newer = manifest(*ours, 5).is_older_than(&manifest(*theirs, delivered));
                let order = entry('b', *theirs, delivered, 10).order(&member(*ours, 5));
                assert_eq!(order == Ordering::Greater, newer, "{ours:?} {theirs:?} {delivered}");
            }
        }
    }

    #[test]
    fn rows_of_other_batches_say_nothing() {
        let other = BatchId::of(&S3Url::parse("s3://landing/sales/other/_manifest.json").unwrap());
        let newer = Entry { batch: other, target: "analytics.old".to_owned(), ..entry('b', None, 6, 10) };
        let entries = [newer, entry('c', None, 4, 9)];
        assert_eq!(judge(&entries, &member(None, 5)), None);
        check_target(&entries, &member(None, 5).batch, &TableName::parse("analytics.sales").unwrap()).unwrap();
    }

    #[test]
    fn a_batch_goes_into_one_target() {
        let batch = manifest(None, 5).batch;
        let target = TableName::parse("analytics.sales").unwrap();
        let there = [entry('a', None, 4, 10), entry('b', None, 5, 11)];
        check_target(&[], &batch, &target).unwrap();
        check_target(&there, &batch, &target).unwrap();
        let elsewhere = |digit| Entry { target: "analytics.old".to_owned(), ..entry(digit, None, 3, 9) };
        let [first, second] = there;
        let error = check_target(&[elsewhere('c'), elsewhere('d'), first, second], &batch, &target).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        let said = chain(&error);
        assert!(said.starts_with("cannot load into analytics.sales: batch "), "{said}");
        assert!(said.contains("was loaded into analytics.old before"), "{said}");
        assert!(said.contains(&format!("'{batch}' from analytics.old")), "{said}");
    }

    #[test]
    fn timestamps_are_read_with_and_without_a_fraction() {
        assert_eq!(time("1970-01-01 00:00:01").unwrap(), at(1));
        assert_eq!(time("1970-01-01T00:00:01.000000").unwrap(), at(1));
        assert!(time("yesterday").is_err());
        assert_eq!(timestamp(at(1)), "CAST('1970-01-01 00:00:01.000000' AS timestamp)");
    }
}
