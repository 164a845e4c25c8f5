//! `sluice show RUN`

use model::Result;
use model::name::RunName;
use model::report::Status;
use serde_json::{Value, json};

use crate::cli::Show;
use crate::command::Ended;
use crate::place::Place;
use crate::warehouse::Rows;
use crate::{history, screen, warehouse};

/// So many rejects are shown; the others are where the report says.
pub const SHOWN_REJECTS: usize = 5;

/// Shows one run with its ledger row, or one refusal.
pub async fn run(arguments: &Show, json: bool) -> Result<Ended> {
    let place = Place::find().await?;
    match RunName::parse(&arguments.run) {
        Ok(name) => show_run(&place, &name, json).await,
        Err(_) => {
            let refusal = history::refusal(&place, &arguments.run).await?;
            if json {
                screen::json(&refusal);
            } else {
                screen::refusal(&refusal);
            }
            Ok(Ended::Badly)
        }
    }
}

async fn show_run(place: &Place, name: &RunName, json: bool) -> Result<Ended> {
    let manifest = history::manifest(place, name).await?;
    let report = match history::last_report(place, name).await? {
        Some(n) => Some(history::report(place, name, n).await?),
        None => None,
    };
    if manifest.is_none() && report.is_none() {
        // The same error as for any other name that is not there.
        history::refusal(place, &name.to_string()).await?;
    }
    let ledger = ledger(place, name).await?;
    if json {
        let row = ledger.objects().into_iter().next();
        screen::json(&json!({"run": name, "manifest": manifest, "report": report, "ledger": row}));
    } else {
        match &report {
            Some(report) => screen::report(report, &history::rejects(place, report, SHOWN_REJECTS).await?),
            None => screen::line(format_args!("run        {name}\nstatus     running, or ended without a report")),
        }
        screen::heading("ledger");
        match ledger.rows.first() {
            Some(row) => {
                let rows: Vec<Vec<Value>> =
                    ledger.names.iter().zip(row).map(|(name, value)| vec![json!(name), value.clone()]).collect();
                screen::table(&["column".to_owned(), "value".to_owned()], &rows);
            }
            None => screen::line("  no row: the warehouse has published nothing of this run"),
        }
    }
    let failed = report.is_some_and(|report| report.status == Status::Failed);
    Ok(if failed { Ended::Badly } else { Ended::Well })
}

/// The run's row in the ledger. A warehouse without a ledger has published nothing yet.
async fn ledger(place: &Place, name: &RunName) -> Result<Rows> {
    let exists = "SELECT table_name FROM svv_tables WHERE table_schema = 'sluice' AND table_name = 'ledger'";
    if warehouse::query(place, exists).await?.rows.is_empty() {
        return Ok(Rows::default());
    }
    // A run's name is of a-z, 0-9, _ and -: it needs no escape.
    warehouse::query(place, &format!("SELECT * FROM sluice.ledger WHERE run = '{name}'")).await
}
