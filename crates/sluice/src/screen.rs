//! All that is printed: the one place that writes to standard output.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use std::fmt::Display;

use model::load::Load;
use model::part::RejectLine;
use model::refusal::Refusal;
use model::report::RunReport;
use serde::Serialize;
use serde_json::{Value, json};

use crate::command::plan::PlanReport;
use crate::trial::TrialReport;

/// A line for a person.
pub fn line(text: impl Display) {
    println!("{text}");
}

/// A heading for a person.
pub fn heading(text: impl Display) {
    println!("\n── {text}");
}

/// JSON for a program.
pub fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("sluice: cannot print as JSON: {error}"),
    }
}

/// An error and all its causes, once.
pub fn error(error: &model::Error) {
    eprintln!("sluice: {}", model::error::chain(error));
}

/// What a manifest would become.
pub fn plan(report: &PlanReport) {
    line(format_args!("run        {} of dataset {}", report.run, report.dataset));
    line(format_args!("manifest   {}", report.manifest));
    line(format_args!("batch      {} of {}", report.batch, report.batch_at));
    line(format_args!("engine     {}, {} item(s): {}", report.engine, report.items.len(), report.reason));
    for input in &report.inputs {
        line(format_args!("input      {} ({} bytes, {})", input.url, input.size_bytes, input.pin));
    }
    for file in &report.files {
        line(format_args!("file       {file}"));
    }
    if let Some(table) = &report.table {
        let difference = match table.difference {
            "missing" => "it is not there, or not shown to this user: it is created",
            "alike" => "it has the dataset's columns",
            "altered" => "it is altered first",
            "refused" => "it differs, and the load would fail",
            _ => "not known yet",
        };
        line(format_args!("table      {}: {difference}", table.name));
        if let Some(why) = &table.refused {
            line(format_args!("           {why}"));
        }
    }
    for note in &report.notes {
        line(format_args!("note       {note}"));
    }
    for step in &report.steps {
        heading(format_args!("{}, {} statement(s)", step.step, step.statements.len()));
        for statement in &step.statements {
            line(format_args!("{statement};"));
        }
    }
}

/// Rows under their names, numbers to the right.
pub fn table(names: &[String], rows: &[Vec<Value>]) {
    let texts: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let width = |column: usize| {
        let cells = texts.iter().filter_map(|row| row.get(column));
        cells.chain(names.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let right: Vec<bool> =
        (0..names.len()).map(|column| rows.iter().filter_map(|row| row.get(column)).any(Value::is_number)).collect();
    let print = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).zip(&right).map(|((cell, width), right)| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        println!("  {}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print(names);
    print(&widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>());
    texts.iter().for_each(|row| print(row));
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "∅".to_owned(),
        // A cell is one line: what would break the table is shown as Rust would write it.
        Value::String(text) => {
            text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
        }
        other => other.to_string(),
    }
}

/// A run's report, with the first of its rejects.
pub fn report(report: &RunReport, rejects: &[RejectLine]) {
    line(format_args!("run        {}  (execution {})", report.run, report.n));
    line(format_args!("status     {}", report.status.name()));
    if let Some(manifest) = &report.manifest {
        line(format_args!("manifest   {manifest}"));
    }
    if let Some(engine) = &report.engine {
        line(format_args!("engine     {engine}"));
    }
    let (input, output) = (report.input, report.output);
    line(format_args!(
        "files      {} in ({} bytes), {} Parquet out ({} bytes)",
        input.files, input.bytes, output.files, output.bytes
    ));
    if report.equation.is_empty() {
        line("rows       not counted: no item was finished");
    }
    for equality in &report.equation {
        line(format_args!(
            "rows       {}  {}  {}",
            if equality.holds { "✓" } else { "✗" },
            equality.terms,
            equality.numbers
        ));
    }
    for file in report.load.iter().flat_map(|load| &load.isolated_files) {
        line(format_args!("isolated   {} rows: {}", file.rows, file.why));
    }
    for statement in report.load.iter().flat_map(|load| &load.altered) {
        line(format_args!("altered    {statement}"));
    }
    for (column, object) in &report.left_out {
        line(format_args!("left out   {column} (first in {object}; `contract: freeze`)"));
    }
    if !report.rejected_by_reason.is_empty() {
        let reasons = report.rejected_by_reason.iter().map(|(reason, rows)| format!("{reason} {rows}"));
        line(format_args!("rejects    {}", reasons.collect::<Vec<_>>().join(", ")));
        for url in &report.rejects {
            line(format_args!("           {url}"));
        }
    }
    reject_lines(rejects);
    if let Some(load) = &report.load {
        let table = load.table.as_ref().map_or_else(|| "the lake only".to_owned(), ToString::to_string);
        line(format_args!("warehouse  {table}: {}", published(load)));
        if let Some(newer) = &load.superseded_by {
            line(format_args!("           superseded by {newer}: a newer delivery of the batch was there before"));
        }
    }
    if let Some(error) = &report.error {
        line(format_args!("error      {}: {}", error.kind, error.message));
    }
    if let Some(seconds) = report.seconds {
        line(format_args!("took       {seconds:.1} s"));
    }
}

/// What became of the rows in the warehouse; what only some modes have is told where there is any.
pub fn published(load: &Load) -> String {
    let mut text = format!("{} published, {} replaced", load.published, load.replaced);
    if load.stale > 0 {
        text += &format!(", {} stale: newer rows are there", load.stale);
    }
    if load.withdrawn > 0 {
        text += &format!(", {} withdrawn: their keys are in the batch no longer", load.withdrawn);
    }
    text
}

/// The report of a trial, with the first of its rejects.
pub fn trial(report: &TrialReport, rejects: &[RejectLine]) {
    for input in &report.inputs {
        line(format_args!("read       {}: {} rows, {} bytes", input.path, input.rows, input.bytes));
    }
    let TrialReport { read, accepted, rejected, filtered, duplicate, .. } = report;
    line(format_args!(
        "rows       {read} read = {accepted} accepted + {rejected} rejected + {filtered} filtered + {duplicate} duplicate"
    ));
    let output: u64 = report.outputs.iter().map(|output| output.bytes).sum();
    line(format_args!("files      {} Parquet ({output} bytes)", report.files));
    if !report.rejected_by_reason.is_empty() {
        let reasons = report.rejected_by_reason.iter().map(|(reason, rows)| format!("{reason} {rows}"));
        line(format_args!("rejects    {}", reasons.collect::<Vec<_>>().join(", ")));
    }
    if let Some(path) = &report.rejects {
        line(format_args!("           {}", path.display()));
    }
    reject_lines(rejects);
    for input in report.inputs.iter().filter(|input| !input.left_out.is_empty()) {
        line(format_args!("left out   {} of {} (`contract: freeze`)", input.left_out.join(", "), input.path));
    }
    if !report.without_values.is_empty() {
        line(format_args!(
            "no value   in any row: {}; are the columns' names right?",
            report.without_values.join(", ")
        ));
    }
    let memory = report.peak_memory_bytes.map(|bytes| format!(", {} MiB at most", bytes >> 20));
    line(format_args!(
        "took       {:.2} s, {:.0} MB/s{}",
        report.seconds,
        report.bytes_per_second / 1e6,
        memory.unwrap_or_default()
    ));
}

fn reject_lines(rejects: &[RejectLine]) {
    if rejects.is_empty() {
        return;
    }
    let names = ["object", "line", "column", "reason", "message"].map(str::to_owned);
    let row = |reject: &RejectLine| {
        let RejectLine { object, line, column, reason, message, .. } = reject;
        vec![json!(object), json!(line), json!(column), json!(reason), json!(message)]
    };
    table(&names, &rejects.iter().map(row).collect::<Vec<_>>());
}

/// A refusal.
pub fn refusal(refusal: &Refusal) {
    line(format_args!("refused    {}", refusal.manifest));
    line(format_args!("why        {}: {}", refusal.code, refusal.message));
    line(format_args!("to do      {}", refusal.action));
}
