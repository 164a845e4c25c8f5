//! The runs of one table that are loaded together: each waits in the queue, one of them holds the lease and loads.

use std::cmp::Ordering;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::count::Counts;
use crate::hash;
use crate::name::{BadName, BatchId, ExecutionName, RunName, S3Url, TableName, as_text};

/// A group: those who load one table, and the token of the lease under which they do. `analytics.sales/17`.
///
/// Tokens of a table grow by one with every holder of its lease, and are never given twice: what is named by one is
/// nobody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName {
    table: TableName,
    token: u64,
}

impl GroupName {
    /// The group that holds the lease of a table under a token.
    pub fn new(table: TableName, token: u64) -> Self {
        Self { table, token }
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "a group: schema.table/token");
        let (table, token) = text.split_once('/').ok_or_else(bad)?;
        if token.is_empty() || token.starts_with('0') || !token.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        Ok(Self::new(TableName::parse(table).map_err(|_| bad())?, token.parse().map_err(|_| bad())?))
    }

    /// The table.
    pub fn table(&self) -> &TableName {
        &self.table
    }

    /// The token, from 1.
    pub fn token(&self) -> u64 {
        self.token
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.table, self.token)
    }
}
as_text!(GroupName);

/// Where runs wait that can be loaded together: their table, and the shape that they have in common. Its text is
/// `analytics.sales/<32 hex digits>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QueueName {
    table: TableName,
    shape: String,
}

impl QueueName {
    /// The queue of a table for a shape of 32 hex digits.
    pub fn new(table: TableName, shape: &str) -> Result<Self, BadName> {
        if hash::is_hex(shape, 32) {
            return Ok(Self { table, shape: shape.to_owned() });
        }
        Err(BadName::new(shape, "a shape: 32 hex digits"))
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "a queue: schema.table/<32 hex digits>");
        let (table, shape) = text.split_once('/').ok_or_else(bad)?;
        Self::new(TableName::parse(table).map_err(|_| bad())?, shape).map_err(|_| bad())
    }

    /// The table.
    pub fn table(&self) -> &TableName {
        &self.table
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.table, self.shape)
    }
}
as_text!(QueueName);

/// One run on its way into a table: what its ledger row will say that is known before the rows are counted there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The run.
    pub run: RunName,
    /// The execution that waits for it.
    pub n: u32,
    /// Its batch.
    pub batch: BatchId,
    /// The batch's place among the batches of its dataset.
    pub batch_at: DateTime<Utc>,
    /// Its manifest.
    pub manifest_url: S3Url,
    /// Which version of it.
    pub manifest_version: String,
    /// SHA-256 of its bytes.
    pub manifest_sha256: String,
    /// Its delivery's sequencer, filled up to 64 digits, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<String>,
    /// The manifest's Last-Modified.
    pub delivered_at: DateTime<Utc>,
    /// The manifest's `as_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// When its rows were ready to be loaded.
    pub queued_at: DateTime<Utc>,
    /// SHA-256 of its dataset file.
    pub dataset_sha256: String,
    /// Its input files.
    pub files: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// Its Parquet files.
    pub parquet_files: u64,
    /// Their bytes.
    pub parquet_bytes: u64,
    /// Where its rows went.
    pub counts: Counts,
    /// Accepted rows of files that COPY could not take and that were set apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub isolated: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Member {
    /// The execution that waits.
    pub fn execution(&self) -> Result<ExecutionName, BadName> {
        ExecutionName::new(self.run.clone(), self.n)
    }

    /// Where its batch stands among others, first to last.
    pub fn place(&self) -> (DateTime<Utc>, &BatchId) {
        (self.batch_at, &self.batch)
    }

    /// This delivery against another one of the same batch: by sequencer where both have one, else by the manifest's
    /// Last-Modified.
    pub fn order(&self, sequencer: Option<&str>, delivered_at: DateTime<Utc>) -> Ordering {
        match (self.sequencer.as_deref(), sequencer) {
            (Some(ours), Some(theirs)) => ours.cmp(theirs),
            _ => self.delivered_at.cmp(&delivered_at),
        }
    }
}

/// The document of a run that waits to be loaded, `queue/<table>/<shape>/<execution>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Of this document: 1.
    pub version: u32,
    /// The run. Its files are named by its `copy.manifest`.
    pub member: Member,
}

impl Waiting {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// The document `groups/<table>/<token>.json`: who is loaded together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Of this document: 1.
    pub version: u32,
    /// The group.
    pub group: GroupName,
    /// Its runs, each of another batch, in the order of their batches.
    pub members: Vec<Member>,
}

impl Group {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// The document `leases/<table>.json`: who may load the table, and until when. The only document of the flow that is
/// overwritten, and only by whoever has read what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// Of this document: 1.
    pub version: u32,
    /// The token of the last who took it.
    pub token: u64,
    /// The execution that holds it; absent where it was given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<ExecutionName>,
    /// Past this moment it is anybody's.
    pub until: DateTime<Utc>,
}

impl Lease {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_table_and_a_token() {
        let group = GroupName::parse("analytics.sales/17").unwrap();
        assert_eq!((group.table().to_string().as_str(), group.token()), ("analytics.sales", 17));
        assert_eq!(group.to_string(), "analytics.sales/17");
        for bad in
            ["analytics.sales", "analytics.sales/", "analytics.sales/0", "sales/1", "a.b/+1", "a.b/1x", "a.b/1/2"]
        {
            assert!(GroupName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_queue_is_a_table_and_a_shape() {
        let text = format!("analytics.sales/{}", "a".repeat(32));
        assert_eq!(QueueName::parse(&text).unwrap().to_string(), text);
        for bad in ["analytics.sales", "analytics.sales/a", "sales/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(QueueName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn version_one_of_each_document_stays_readable() {
        let member = r#"{"run":"sales-00000000000000000000000000000000","n":2,
            "batch":"00000000000000000000000000000000","batch_at":"2026-01-01T00:00:00Z",
            "manifest_url":"s3://landing/sales/_manifest.json","manifest_version":"e@1","manifest_sha256":"ab",
            "sequencer":"01","delivered_at":"2026-01-01T00:00:01Z","queued_at":"2026-01-01T00:00:02Z",
            "dataset_sha256":"cd","files":1,"input_bytes":9,"parquet_files":1,"parquet_bytes":10,
            "counts":{"read":2,"accepted":1,"rejected":1,"filtered":0,"duplicate":0}}"#;
        let waiting: Waiting = serde_json::from_str(&format!(r#"{{"version":1,"member":{member}}}"#)).unwrap();
        assert_eq!(waiting.member.execution().unwrap().n(), 2);
        let group = format!(r#"{{"version":1,"group":"analytics.sales/3","members":[{member}]}}"#);
        let group: Group = serde_json::from_str(&group).unwrap();
        assert_eq!((group.group.token(), &group.members[0]), (3, &waiting.member));
        let lease = r#"{"version":1,"token":3,"holder":"sales-00000000000000000000000000000000-2","until":"2026-01-01T00:05:00Z"}"#;
        let lease: Lease = serde_json::from_str(lease).unwrap();
        assert_eq!(lease.holder.unwrap().n(), 2);
    }

    #[test]
    fn a_delivery_is_ordered_by_sequencer_where_both_have_one() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let url = S3Url::parse("s3://landing/sales/_manifest.json").unwrap();
        let member = Member {
            run: RunName::parse(&format!("sales-{}", "0".repeat(32))).unwrap(),
            n: 1,
            batch: BatchId::of(&url),
            batch_at: at(1),
            manifest_url: url,
            manifest_version: String::new(),
            manifest_sha256: String::new(),
            sequencer: Some("02".to_owned()),
            delivered_at: at(5),
            as_of: None,
            queued_at: at(6),
            dataset_sha256: String::new(),
            files: 0,
            input_bytes: 0,
            parquet_files: 0,
            parquet_bytes: 0,
            counts: Counts::default(),
            isolated: 0,
        };
        assert_eq!(member.order(Some("01"), at(9)), Ordering::Greater);
        assert_eq!(member.order(None, at(9)), Ordering::Less);
        assert_eq!(Member { sequencer: None, ..member }.order(Some("09"), at(5)), Ordering::Equal);
    }
}
