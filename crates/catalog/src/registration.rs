//! Which deliveries of a batch stand in the catalog, or are about to: `catalog/<dataset>/<batch>/<run>.json`, a copy of
//! the run's `load.json`.
//!
//! The ledger knows this of the warehouse only, and a dataset may end in the lake. A run says here that it is coming
//! before it registers a partition, and is taken off the list when its partitions are out: the list is as long as there
//! are deliveries to be told apart, one at rest, however often a batch is delivered.

use aws::object;
use model::load::Load;
use model::manifest::Manifest;
use model::name::{BatchId, RunName};
use model::{Error, Kind, Result, layout};

/// A delivery of the batch whose load has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// How its load ended.
    pub load: Load,
    /// What was delivered.
    pub manifest: Manifest,
}

impl Delivery {
    /// Whether the other is the newer of the two. The ledger's word goes first: what was published last stands in the
    /// warehouse, and must stand in the lake. Without it the manifests tell; two deliveries of the same moment are
    /// told apart by their names, so that both of them decide the same.
    pub fn gives_way_to(&self, other: &Self) -> bool {
        if other.load.supersedes.contains(&self.load.run) {
            return true;
        }
        if self.load.supersedes.contains(&other.load.run) {
            return false;
        }
        if self.manifest.is_older_than(&other.manifest) || other.manifest.is_older_than(&self.manifest) {
            return self.manifest.is_older_than(&other.manifest);
        }
        self.load.run < other.load.run
    }
}

/// Says that a run's partitions stand in the catalog, or are about to.
pub async fn announce(s3: &aws_sdk_s3::Client, control: &str, batch: &BatchId, load: &Load) -> Result<()> {
    let key = layout::registration(&load.run, batch);
    // A later execution's load.json has another n; what it says of the order is the same.
    object::create(s3, control, &key, object::to_json(load)?).await.map(drop)
}

/// The other runs of the batch that have said so.
pub async fn others(s3: &aws_sdk_s3::Client, control: &str, run: &RunName, batch: &BatchId) -> Result<Vec<Delivery>> {
    let folder = layout::registrations(run.dataset(), batch);
    let mut others = Vec::new();
    for listed in object::list(s3, control, &folder).await? {
        if listed.key == layout::registration(run, batch) {
            continue;
        }
        // Gone since it was listed: the run was taken out by another.
        let Some(load) = object::read_document::<Load>(s3, control, &listed.key).await? else { continue };
        let manifest = object::need_document(s3, control, &layout::manifest(&load.run)).await?;
        if layout::registration(&load.run, batch) != listed.key {
            return Err(Error::new(Kind::Bug, "read", format!("s3://{control}/{}", listed.key))
                .because(format!("it speaks of {}", load.run)));
        }
        others.push(Delivery { load, manifest });
    }
    Ok(others)
}

/// Takes a run off the list; one that is not on it is fine.
pub async fn remove(s3: &aws_sdk_s3::Client, control: &str, run: &RunName, batch: &BatchId) -> Result<()> {
    object::remove(s3, control, &layout::registration(run, batch)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use model::arrival::{Pin, Sequencer};
    use model::load::Outcome;
    use model::name::S3Url;

    fn run(name: char) -> RunName {
        RunName::parse(&format!("flights-{}", name.to_string().repeat(32))).unwrap()
    }

    fn delivery(name: char, sequencer: Option<&str>, second: i64, supersedes: &[char]) -> Delivery {
        let url = S3Url::parse("s3://landing/flights/_manifest.json").unwrap();
        let last_modified = DateTime::from_timestamp(second, 0).unwrap();
        Delivery {
            load: Load {
                version: 1,
                run: run(name),
                n: 1,
                outcome: Outcome::LakeOnly,
                table: None,
                staged: 0,
                isolated: 0,
                isolated_files: Vec::new(),
                published: 0,
                stale: 0,
                replaced: 0,
                withdrawn: 0,
                altered: Vec::new(),
                published_at: None,
                supersedes: supersedes.iter().map(|name| run(*name)).collect(),
                superseded_by: None,
            },
            manifest: Manifest {
                version: 1,
                batch: BatchId::of(&url),
                url,
                pin: Pin { version_id: None, etag: String::new(), size_bytes: 0, last_modified },
                sha256: String::new(),
                sequencer: sequencer.map(Sequencer::new),
                as_of: None,
                batch_at: Some(last_modified),
                entries: Vec::new(),
            },
        }
    }

    fn stays(winner: &Delivery, loser: &Delivery) {
        assert!(loser.gives_way_to(winner) && !winner.gives_way_to(loser));
    }

    #[test]
    fn the_newer_delivery_stays() {
        stays(&delivery('a', None, 2, &[]), &delivery('b', None, 1, &[]));
        stays(&delivery('a', Some("02"), 1, &[]), &delivery('b', Some("01"), 2, &[]));
    }

    #[test]
    fn what_the_ledger_says_goes_first() {
        stays(&delivery('a', None, 1, &['b']), &delivery('b', None, 1, &[]));
        stays(&delivery('b', None, 1, &['a']), &delivery('a', None, 1, &[]));
    }

    #[test]
    fn of_two_deliveries_of_one_moment_exactly_one_stays() {
        stays(&delivery('b', None, 1, &[]), &delivery('a', None, 1, &[]));
    }
}
