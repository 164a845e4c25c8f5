//! `sluice runs [DATASET]`

use model::name::DatasetName;
use model::{Error, Kind, Result};
use serde_json::json;

use crate::cli::Runs;
use crate::command::Ended;
use crate::place::Place;
use crate::{history, screen};

/// Lists runs and refusals, newest first.
pub async fn run(arguments: &Runs, json: bool) -> Result<Ended> {
    let place = Place::find().await?;
    let dataset = arguments.dataset.as_deref().map(DatasetName::parse).transpose();
    let dataset = dataset.map_err(|error| Error::new(Kind::Config, "list", "runs").because(error))?;
    let mut entries = Vec::new();
    for seen in history::all(&place, dataset.as_ref()).await?.into_iter().take(arguments.limit) {
        entries.push(history::entry(&place, seen).await?);
    }
    if json {
        screen::json(&entries);
        return Ok(Ended::Well);
    }
    let names = ["at", "status", "read", "rejected", "published", "run", "manifest"].map(str::to_owned);
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let at = entry.at.format("%Y-%m-%d %H:%M:%S").to_string();
            vec![
                json!(at),
                json!(entry.status),
                json!(entry.read),
                json!(entry.rejected),
                json!(entry.published),
                json!(entry.run),
                json!(entry.manifest),
            ]
        })
        .collect();
    screen::table(&names, &rows);
    Ok(Ended::Well)
}
