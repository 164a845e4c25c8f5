//! The objects that the sample events in `events/` name, put so that no event tells of them: whoever tries a handler
//! starts its run.

use local::Local;
use model::arrival::ManifestKind;
use model::manifest::{Listing, ListingEntry, ListingMeta};
use model::name::S3Url;
use model::{Error, Kind, Result};

use crate::cli::Flights;
use crate::place::Place;
use crate::upload;

/// The manifests that the sample events name, and the day whose flights each delivers.
pub const MANIFESTS: &[(&str, &str)] = &[
    ("flights/2013-01-01/_manifest.json", "2013-01-01"),
    ("flights/2013-01-02/_manifest.json", "2013-01-02"),
    ("flights/2013-01-03/_manifest.json", "2013-01-03"),
    ("flights/2013-01-04/_SUCCESS", "2013-01-04"),
    ("flights/2013-01-05+New York été/_manifest.json", "2013-01-05"),
];

/// Uploads the dataset and puts every file and manifest.
pub async fn put(local: &Local, place: &Place, flights: &Flights) -> Result<()> {
    upload::datasets(place, &[upload::read_dataset(&flights.dataset)?]).await?;
    for (key, day) in MANIFESTS {
        let manifest = url(&place.landing_bucket, key)?;
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let file = url(&place.landing_bucket, &format!("{folder}/{day}.csv"))?;
        let path = flights.data.join(format!("{day}.csv"));
        let bytes = std::fs::read(&path).map_err(|error| {
            Error::new(Kind::Config, "read", path.display())
                .because(format!("{error}; run `sluice local --demo` in the folder of the project"))
        })?;
        let marker = ManifestKind::of(key) == Some(ManifestKind::Marker);
        let listing = if marker { Vec::new() } else { listing(&file, bytes.len())? };
        local.put_quietly(&file, bytes).await?;
        local.put_quietly(&manifest, listing).await?;
    }
    Ok(())
}

fn listing(file: &S3Url, size: usize) -> Result<Vec<u8>> {
    let meta = ListingMeta { content_length: Some(size as u64), ..ListingMeta::default() };
    let entries = vec![ListingEntry { url: file.to_string(), mandatory: Some(true), meta }];
    aws::object::to_json(&Listing { as_of: None, entries, schema: None, meta: None, author: None })
}

fn url(bucket: &str, key: &str) -> Result<S3Url> {
    S3Url::new(bucket, key).map_err(|error| Error::new(Kind::Bug, "name", key).because(error))
}
