//! `sluice try DATASET FILES… --out DIR`

use std::fs::File;
use std::io::{BufRead, BufReader};

use model::Result;
use model::part::RejectLine;

use crate::cli::Try;
use crate::command::Ended;
use crate::command::show::SHOWN_REJECTS;
use crate::trial::{self, TrialReport};
use crate::{screen, upload};

/// Tries a dataset on files and prints what they came to.
pub fn run(arguments: &Try, json: bool) -> Result<Ended> {
    let dataset = upload::read_dataset(&arguments.dataset)?;
    let trial = trial::run(&dataset, &arguments.files, &arguments.out)?;
    if json {
        screen::json(&trial.report);
    } else {
        screen::trial(&trial.report, &rejects(&trial.report));
    }
    Ok(match trial.error {
        None => Ended::Well,
        Some(error) => {
            screen::error(&error);
            Ended::Badly
        }
    })
}

/// The first of the rejects.
fn rejects(report: &TrialReport) -> Vec<RejectLine> {
    let file = report.rejects.as_ref().and_then(|path| File::open(path).ok());
    let lines = file.into_iter().flat_map(|file| BufReader::new(file).lines().map_while(Result::ok));
    lines.take(SHOWN_REJECTS).filter_map(|line| serde_json::from_str(&line).ok()).collect()
}
