//! `sluice infer FILES… > dataset.yaml`

use model::Result;

use crate::cli::Infer;
use crate::command::Ended;
use crate::{proposal, screen};

/// Prints a dataset file that the files fit.
pub fn run(arguments: &Infer) -> Result<Ended> {
    let text = proposal::propose(&arguments.files, arguments.dataset.as_deref())?;
    screen::line(text.trim_end());
    Ok(Ended::Well)
}
