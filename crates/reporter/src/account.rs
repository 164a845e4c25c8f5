//! The report of an execution, from what it has left behind.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::Kind;
use model::count::Counts;
use model::load::Outcome;
use model::part::Part;
use model::report::{Equality, Failure, RunReport, Status, Volume, equation};

use crate::evidence::Evidence;
use crate::request::Closing;

/// Adds up. An execution that came to its end must have left every document, and the equation must hold; else the
/// report says `failed`, with a `Bug` that names what does not add up.
pub fn report(closing: &Closing, evidence: &Evidence, now: DateTime<Utc>) -> RunReport {
    let (plan, parts, load) = (evidence.plan.as_ref(), evidence.parts.as_slice(), evidence.load.as_ref());
    let counts = counts(parts);
    let equation = all_equalities(&counts, parts, evidence);
    let error = match &closing.error {
        Some(error) => Some(with_place_of_rows(error.clone(), evidence)),
        None => fault(evidence, &equation),
    };
    let inputs = plan.map(|plan| plan.inputs.as_slice()).unwrap_or_default();
    let files = || parts.iter().flat_map(|part| &part.files);
    RunReport {
        version: RunReport::VERSION,
        run: closing.run.clone(),
        n: closing.n,
        status: match (&error, load.map(|load| load.outcome)) {
            (Some(_), _) => Status::Failed,
            (None, Some(Outcome::Superseded)) => Status::Superseded,
            (None, _) => Status::Succeeded,
        },
        batch: plan.map(|plan| plan.batch.clone()),
        manifest: evidence.manifest.as_ref().map(|manifest| manifest.url.clone()),
        engine: plan.map(|plan| format!("{}: {}", plan.engine, plan.reason)),
        counts,
        rejected_by_reason: rejected_by_reason(parts),
        left_out: left_out(evidence),
        rejects: parts.iter().filter_map(|part| part.rejects.clone()).collect(),
        input: Volume { files: inputs.len() as u64, bytes: inputs.iter().map(|input| input.pin.size_bytes).sum() },
        output: Volume { files: files().count() as u64, bytes: files().map(|file| file.size_bytes).sum() },
        load: load.cloned(),
        equation,
        error,
        started_at: closing.started_at,
        ended_at: now,
        seconds: closing.started_at.map(|started_at| (now - started_at).as_seconds_f64()),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn counts(parts: &[Part]) -> Counts {
    let mut counts = Counts::default();
    for part in parts {
        counts += part.counts;
    }
    counts
}

fn rejected_by_reason(parts: &[Part]) -> BTreeMap<String, u64> {
    let mut reasons = BTreeMap::new();
    for (reason, rows) in parts.iter().flat_map(|part| &part.rejected_by_reason) {
        *reasons.entry(reason.clone()).or_default() += rows;
    }
    reasons
}

/// Some files use identifiers as keys: a report tells no more of them.
const MAX_LEFT_OUT: usize = 1000;

/// By the headers, schemas and records of all files; by the sample, which names columns as a table would, where no file was
/// read.
fn left_out(evidence: &Evidence) -> BTreeMap<String, String> {
    let of_inputs = evidence.parts.iter().flat_map(|part| &part.inputs);
    let mut left_out = BTreeMap::new();
    for (input, name) in of_inputs.flat_map(|input| input.left_out.iter().map(move |name| (input, name))) {
        if left_out.len() < MAX_LEFT_OUT {
            left_out.entry(name.clone()).or_insert_with(|| input.url.to_string());
        }
    }
    if left_out.is_empty() {
        let sampled = evidence.schema.iter().flat_map(|schema| &schema.left_out);
        left_out.extend(sampled.map(|(name, object)| (name.to_string(), object.clone())));
    }
    left_out
}

/// The run's equation, and the parts against what else they say: of their inputs, rejects and files. Without a part no
/// row was counted, and zeros that are equal would say that there were none.
fn all_equalities(counts: &Counts, parts: &[Part], evidence: &Evidence) -> Vec<Equality> {
    if parts.is_empty() {
        return Vec::new();
    }
    let read = parts.iter().flat_map(|part| &part.inputs).map(|input| input.rows).sum();
    let rejected = rejected_by_reason(parts).values().sum();
    let written = parts.iter().flat_map(|part| &part.files).map(|file| file.rows).sum();
    let mut equation = equation(counts, evidence.load.as_ref());
    equation.extend([
        equality("read = rows of the input files", counts.read, read),
        equality("rejected = rejects by reason", counts.rejected, rejected),
        equality("accepted = rows of the Parquet files", counts.accepted, written),
    ]);
    equation
}

fn equality(terms: &str, left: u64, right: u64) -> Equality {
    Equality { terms: terms.to_owned(), numbers: format!("{left} = {right}"), holds: left == right }
}

/// What is wrong with an execution that came to its end.
fn fault(evidence: &Evidence, equation: &[Equality]) -> Option<Failure> {
    let mut faults = Vec::new();
    if evidence.manifest.is_none() {
        faults.push("manifest.json is missing".to_owned());
    }
    match &evidence.plan {
        None => faults.push("plan.json is missing".to_owned()),
        Some(plan) if plan.items.len() != evidence.parts.len() => {
            faults.push(format!(
                "{} of {} parts are missing",
                plan.items.len() - evidence.parts.len(),
                plan.items.len()
            ));
        }
        Some(_) => {}
    }
    if evidence.load.is_none() {
        faults.push("load.json is missing".to_owned());
    }
    let broken = equation.iter().filter(|equality| !equality.holds);
    faults.extend(broken.map(|equality| format!("{} does not hold: {}", equality.terms, equality.numbers)));
    let message = faults.join("; ");
    (!message.is_empty()).then(|| Failure { kind: Kind::Bug.to_string(), message })
}

/// A step after the publish may fail; then the rows are where they belong, and whoever reads of the failure must know.
fn with_place_of_rows(mut error: Failure, evidence: &Evidence) -> Failure {
    let published = evidence.load.as_ref().filter(|load| load.outcome == Outcome::Published);
    if let Some(table) = published.and_then(|load| load.table.as_ref()) {
        error.message.push_str(&format!(" (its rows are published in {table}: what failed came after)"));
    }
    error
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
