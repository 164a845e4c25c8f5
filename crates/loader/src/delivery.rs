//! All that earlier stages wrote of a run, read together and held against its own counts.

use aws::object::need_document;
use aws_sdk_s3::Client;
use chrono::{DateTime, Utc};
use model::arrival::Sequencer;
use model::count::Counts;
use model::dataset::Dataset;
use model::group::Member;
use model::manifest::Manifest;
use model::name::RunName;
use model::part::{ParquetFile, Part};
use model::plan::RunPlan;
use model::{Error, Kind, Result, layout};

/// One delivery of a batch, transformed: what was planned, what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The plan.
    pub plan: RunPlan,
    /// What the plan's dataset file says.
    pub dataset: Dataset,
    /// The manifest.
    pub manifest: Manifest,
    /// The parts, in the order of the items.
    pub parts: Vec<Part>,
    /// Where the rows of all parts went.
    pub counts: Counts,
}

impl Delivery {
    /// Reads the documents of a run and checks them.
    ///
    /// # Errors
    /// `Data` where more rows are rejects than the dataset allows: nothing of the batch is loaded. `Bug` where a part
    /// is missing or a row is not accounted for.
    pub async fn read(s3: &Client, bucket: &str, run: &RunName) -> Result<Self> {
        let plan: RunPlan = need_document(s3, bucket, &layout::plan(run)).await?;
        let manifest: Manifest = need_document(s3, bucket, &layout::manifest(run)).await?;
        let mut parts = Vec::new();
        for item in plan.item_numbers() {
            parts.push(need_document(s3, bucket, &layout::part(run, item)).await?);
        }
        let dataset = aws::schema::dataset(s3, bucket, &plan).await?;
        Self::of(plan, dataset, manifest, parts)
    }

    /// The delivery of these documents, checked.
    pub fn of(plan: RunPlan, dataset: Dataset, manifest: Manifest, parts: Vec<Part>) -> Result<Self> {
        let mut counts = Counts::default();
        for (item, part) in plan.item_numbers().into_iter().zip(&parts) {
            check(&plan.run, item, part)?;
            counts += part.counts;
        }
        counts.check(&plan.run.to_string())?;
        counts.check_limit(&dataset.rejects, &plan.run.to_string())?;
        Ok(Self { plan, dataset, manifest, parts, counts })
    }

    /// What the run is among those that are loaded together, for the execution of that number.
    pub fn member(&self, n: u32, queued_at: DateTime<Utc>) -> Member {
        let (plan, manifest) = (&self.plan, &self.manifest);
        Member {
            run: plan.run.clone(),
            n,
            batch: plan.batch.clone(),
            batch_at: manifest.place(),
            manifest_url: manifest.url.clone(),
            manifest_version: manifest.pin.version(),
            manifest_sha256: manifest.sha256.clone(),
            sequencer: manifest.sequencer.as_ref().map(Sequencer::padded),
            delivered_at: manifest.pin.last_modified,
            as_of: manifest.as_of,
            queued_at,
            dataset_sha256: plan.dataset_sha256.clone(),
            files: plan.inputs.len() as u64,
            input_bytes: self.input_bytes(),
            parquet_files: self.files().count() as u64,
            parquet_bytes: self.parquet_bytes(),
            counts: self.counts,
            isolated: 0,
        }
    }

    /// Every Parquet file.
    pub fn files(&self) -> impl Iterator<Item = &ParquetFile> {
        self.parts.iter().flat_map(|part| &part.files)
    }

    /// Bytes of all inputs.
    pub fn input_bytes(&self) -> u64 {
        self.plan.inputs.iter().map(|input| input.pin.size_bytes).sum()
    }

    /// Bytes of all Parquet files.
    pub fn parquet_bytes(&self) -> u64 {
        self.files().map(|file| file.size_bytes).sum()
    }
}

/// Holds a part against itself: it is the item's, its rows are accounted for, its files hold what was accepted.
fn check(run: &RunName, item: u32, part: &Part) -> Result<()> {
    let subject = format!("item {item} of {run}");
    if part.run != *run || part.item != item {
        return Err(Error::new(Kind::Bug, "take the part of", subject)
            .because(format!("its document is of item {} of {}", part.item, part.run)));
    }
    part.counts.check(&subject)?;
    let rows: u64 = part.files.iter().map(|file| file.rows).sum();
    if rows == part.counts.accepted {
        return Ok(());
    }
    Err(Error::new(Kind::Bug, "account for every row of", subject)
        .because(format!("{} accepted, but its files hold {rows}", part.counts.accepted)))
}

#[cfg(test)]
mod tests {
    use model::error::chain;

    use super::*;
    use crate::sql::tests::delivery;

    fn again(change: impl FnOnce(&mut Vec<Part>)) -> Result<Delivery> {
        let mut delivery = delivery();
        change(&mut delivery.parts);
        Delivery::of(delivery.plan, delivery.dataset, delivery.manifest, delivery.parts)
    }

    #[test]
    fn parts_are_summed() {
        let delivery = again(|_| ()).unwrap();
        assert_eq!((delivery.counts.read, delivery.counts.accepted, delivery.counts.rejected), (900, 897, 3));
        assert_eq!((delivery.files().count(), delivery.parquet_bytes()), (2, 30_000));
    }

    #[test]
    fn past_the_limit_the_whole_batch_is_refused() {
        let error = again(|parts| {
            parts[1].counts = Counts { read: 407, accepted: 397, rejected: 10, ..Counts::default() };
        });
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Data);
        assert!(chain(&error).contains("11 of 908 rows are rejects"), "{}", chain(&error));
    }

    #[test]
    fn a_row_that_no_part_accounts_for_is_a_bug() {
        let error = again(|parts| parts[0].counts.read += 1).unwrap_err();
        assert_eq!(error.kind(), Kind::Bug);
        assert!(chain(&error).contains("item 0 of sales-"), "{}", chain(&error));
    }

    #[test]
    fn files_hold_what_was_accepted() {
        let error = again(|parts| parts[0].files[0].rows -= 1).unwrap_err();
        assert!(chain(&error).contains("500 accepted, but its files hold 499"), "{}", chain(&error));
    }

    #[test]
    fn a_part_of_another_item_is_a_bug() {
        assert_eq!(again(|parts| parts.swap(0, 1)).unwrap_err().kind(), Kind::Bug);
    }
}
