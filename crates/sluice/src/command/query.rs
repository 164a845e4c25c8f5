//! `sluice query SQL`

use model::Result;

use crate::cli::Query;
use crate::command::Ended;
use crate::place::Place;
use crate::{screen, warehouse};

/// Runs one statement and prints its rows.
pub async fn run(arguments: &Query, json: bool) -> Result<Ended> {
    let rows = warehouse::query(&Place::find().await?, &arguments.sql).await?;
    if json {
        screen::json(&rows.objects());
    } else {
        screen::table(&rows.names, &rows.rows);
    }
    Ok(Ended::Well)
}
