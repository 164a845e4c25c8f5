//! `sluice demo`: the whole pipeline on real data, told step by step.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::{Local, Options};
use model::dataset::DatasetFile;
use model::report::{RunReport, Status};
use model::{Error, Kind, Result};
use serde_json::json;

use crate::cli::Demo;
use crate::command::{Ended, send};
use crate::follow::{self, Delivery, End};
use crate::place::Place;
use crate::{history, screen, spoil, upload, warehouse};

/// No run of the demo takes this long.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Runs the demo. Every claim it prints is checked: it ends badly if one does not hold.
pub async fn run(arguments: &Demo) -> Result<Ended> {
    let began = Instant::now();
    let temporary = tempfile::tempdir().map_err(|error| Error::new(Kind::Config, "make", "a folder").because(error))?;
    let state = arguments.state.clone().unwrap_or_else(|| temporary.path().join("state"));
    let days = days(&arguments.flights.data)?;
    let local = Local::start(Options { port: 0, ..Options::at(&state) }).await?;
    screen::line(format_args!(
        "AWS on this machine: {} (S3, Redshift Data API, Glue, Step Functions, EventBridge, SNS, Lambda)",
        local.url()
    ));
    let dataset = upload::read_dataset(&arguments.flights.dataset)?;
    let stage = Stage { dataset, place: Place::of(&local)?, scratch: temporary.path().join("files") };
    upload::datasets(&stage.place, std::slice::from_ref(&stage.dataset)).await?;
    let told = tell(&stage, &local, &days).await;
    local.stop().await?;
    told?;
    screen::line(format_args!("\nAll of it held. {:.1} s.", began.elapsed().as_secs_f64()));
    if let Some(state) = &arguments.state {
        screen::line(format_args!("Go on with: sluice local --state {}", state.display()));
    }
    Ok(Ended::Well)
}

/// What the demo plays with.
struct Stage {
    dataset: DatasetFile,
    place: Place,
    /// Where spoilt files are made.
    scratch: PathBuf,
}

async fn tell(stage: &Stage, local: &Local, days: &[PathBuf]) -> Result<()> {
    let [first, second, .., spoilt, ruined] = days else {
        return Err(Error::new(Kind::Config, "play", "the demo").because("it needs four days of flights at least"));
    };
    let good = days.get(..days.len() - 2).unwrap_or_default();

    screen::heading(format_args!("One batch: {} and its manifest", first.display()));
    let delivery = stage.send(first, true).await?;
    let report = stage.ended(&delivery, Status::Succeeded, true).await?;

    screen::heading(format_args!("{} more batches, a manifest each", good.len() - 1));
    for day in good.iter().skip(1) {
        let delivery = stage.send(day, false).await?;
        let report = stage.ended(&delivery, Status::Succeeded, false).await?;
        let load = report.load.as_ref().map_or(0, |load| load.published);
        screen::line(format_args!(
            "{}: {} read, {} rejected, {load} published",
            day.display(),
            report.counts.read,
            report.counts.rejected
        ));
    }
    let rows = stage.rows().await?;

    screen::heading("The first batch's event arrives a second time (S3 delivers at least once)");
    let answer = local.redeliver(&delivery.manifest).await?;
    screen::line(&answer);
    must(answer.pointer("/0/outcome") == Some(&json!("duplicate")), "the second event is a duplicate")?;
    local.idle().await;
    stage.still(rows).await?;
    must(stage.ledger_rows(&delivery).await? == 1, "the ledger has the run once")?;

    screen::heading(format_args!("A correction of {}: ten rows fewer, the same manifest key", second.display()));
    let corrected = spoil::without_last_rows(second, &stage.scratch, 10)?;
    let delivery = stage.send(&corrected, true).await?;
    let corrected = stage.ended(&delivery, Status::Succeeded, true).await?;
    let replaced = corrected.load.as_ref().map_or(0, |load| load.replaced);
    screen::line(format_args!("{replaced} rows of the earlier delivery made room"));
    stage.still(rows - 10).await?;

    tell_of_bad_rows(stage, spoilt, ruined, rows - 10).await?;

    screen::heading("The warehouse");
    stage.query("SELECT carrier, COUNT(*) AS flights, ROUND(AVG(CAST(dep_delay AS double precision)), 1) AS mean_delay FROM analytics.flights GROUP BY carrier ORDER BY flights DESC LIMIT 5").await?;
    screen::heading("The ledger: a row for each run, written in the transaction that published it");
    stage.query("SELECT published_at, rows_read, rows_rejected, rows_published, rows_replaced, manifest_url FROM sluice.ledger ORDER BY published_at").await?;
    screen::heading("The report of the first run");
    screen::report(&report, &[]);
    Ok(())
}

/// A few bad rows are set apart; too many, and nothing is loaded. `rows` are in the table before.
async fn tell_of_bad_rows(stage: &Stage, spoilt: &Path, ruined: &Path, rows: u64) -> Result<()> {
    screen::heading("A batch with five bad rows: they are set apart, the good ones load");
    let delivery = stage.send(&spoil::rows(spoilt, &stage.scratch, 5)?, true).await?;
    let report = stage.ended(&delivery, Status::Succeeded, true).await?;
    screen::report(&report, &history::rejects(&stage.place, &report, 5).await?);
    must(report.counts.rejected == 5, "five rows are rejects")?;
    let rows = stage.still(rows + report.counts.accepted).await?;

    screen::heading("A batch with fifty bad rows: past rejects.max_ratio, nothing of it loads");
    let delivery = stage.send(&spoil::rows(ruined, &stage.scratch, 50)?, true).await?;
    stage.ended(&delivery, Status::Failed, true).await?;
    stage.still(rows).await?;
    must(stage.ledger_rows(&delivery).await? == 0, "the ledger does not have the run")?;
    Ok(())
}

impl Stage {
    /// Delivers one day; its batch is named as the file.
    async fn send(&self, file: &Path, aloud: bool) -> Result<Delivery> {
        let batch = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("day");
        let delivery = send::deliver(&self.place, &self.dataset, batch, &[file.to_owned()], None).await?;
        if aloud {
            screen::line(format_args!("delivered    {}", delivery.manifest));
        }
        Ok(delivery)
    }

    /// Follows a delivery; an end other than expected is an error.
    async fn ended(&self, delivery: &Delivery, expected: Status, aloud: bool) -> Result<RunReport> {
        let tell = |step: String| {
            if aloud {
                screen::line(step);
            }
        };
        let end = follow::to_the_end(&self.place, delivery, TIMEOUT, tell).await?;
        if aloud && expected == Status::Failed {
            send::show(&self.place, &end, false).await?;
        }
        match end {
            End::Report(report) if report.status == expected => Ok(*report),
            other => {
                send::show(&self.place, &other, false).await?;
                Err(Error::new(Kind::Bug, "play", "the demo")
                    .because(format!("the run should have {}", expected.name())))
            }
        }
    }

    async fn rows(&self) -> Result<u64> {
        self.number("SELECT COUNT(*) FROM analytics.flights").await
    }

    async fn ledger_rows(&self, delivery: &Delivery) -> Result<u64> {
        self.number(&format!("SELECT COUNT(*) FROM sluice.ledger WHERE run = '{}'", delivery.run)).await
    }

    async fn number(&self, sql: &str) -> Result<u64> {
        let rows = warehouse::query(&self.place, sql).await?;
        let number = rows.rows.first().and_then(|row| row.first()).and_then(serde_json::Value::as_u64);
        number.ok_or_else(|| Error::new(Kind::Bug, "count by", sql).because("there is no number"))
    }

    /// Checks and says how many rows the table has.
    async fn still(&self, expected: u64) -> Result<u64> {
        let rows = self.rows().await?;
        must(rows == expected, &format!("analytics.flights has {rows} rows, {expected} are right"))?;
        screen::line(format_args!("analytics.flights has {rows} rows, as it must"));
        Ok(rows)
    }

    async fn query(&self, sql: &str) -> Result<()> {
        screen::line(format_args!("  {sql}\n"));
        let rows = warehouse::query(&self.place, sql).await?;
        screen::table(&rows.names, &rows.rows);
        Ok(())
    }
}

/// A claim of the demo; one that does not hold ends it.
fn must(holds: bool, claim: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::new(Kind::Bug, "play", "the demo").because(format!("this does not hold: {claim}")))
}

fn days(folder: &Path) -> Result<Vec<PathBuf>> {
    let fault = |error| {
        Error::new(Kind::Config, "read", folder.display())
            .because(format!("{error}; run the demo in the folder of the project"))
    };
    let mut days = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        days.push(entry.map_err(fault)?.path());
    }
    days.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
    days.sort();
    Ok(days)
}
