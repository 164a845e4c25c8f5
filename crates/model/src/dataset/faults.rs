//! What no single field shows. Every fault is named, not only the first.

use std::collections::HashSet;

use super::column::{Mask, is_number, is_temporal};
use super::path::Path;
use super::{Column, ColumnsFrom, Contract, Dataset, Format, LoadMode, LoadTarget, column_faults, fold};
use crate::name::Identifier;

/// Every fault of a dataset. What needs its columns waits until they are known.
pub(super) fn faults(dataset: &Dataset) -> Vec<String> {
    let mut faults: Vec<String> = dataset.landing.fault().map(str::to_owned).into_iter().collect();
    faults.extend(section_faults(dataset));
    faults.extend(dataset.csv.faults());
    faults.extend(dataset.limits.faults());
    faults.extend(dataset.infer.fault());
    if dataset.on_copy_error.is_some() && dataset.load.is_none() {
        faults.push("`on_copy_error` is for datasets that are loaded: add `load`, or leave it away".to_owned());
    }
    if dataset.contract == Some(Contract::Evolve) && dataset.columns_from() == ColumnsFrom::File {
        faults.push(
            "`contract: evolve` is for columns that are found: leave `columns` away, or name the new ones there (the \
             table follows them)"
                .to_owned(),
        );
    }
    faults.extend(dataset.rejects.fault());
    faults.extend(dataset.load.as_ref().map(|load| load_faults(dataset, load)).unwrap_or_default());
    for key in dataset.partition_by.keys().filter(|key| key.is_reserved()) {
        faults.push(format!("partition `{key}`: names in _sluice_ and sluice_run are Sluice's own"));
    }
    faults.extend(dataset.dedupe.as_ref().map(|dedupe| key_faults("dedupe.key", &dedupe.key)).unwrap_or_default());
    if !dataset.needs_schema() {
        faults.extend(columns_faults(dataset));
    }
    faults
}

/// Sections that are for another format than the dataset's.
fn section_faults(dataset: &Dataset) -> Vec<String> {
    let Dataset { format, csv, json, xml, encoding, .. } = dataset;
    let mut faults = Vec::new();
    for (section, is_given, of) in [
        ("csv", *csv != Default::default(), Format::Csv),
        ("json", *json != Default::default(), Format::Json),
        ("xml", xml.is_some(), Format::Xml),
    ] {
        if is_given && *format != of {
            faults.push(format!("`{section}` is for format {}, not {}", of.name(), format.name()));
        }
    }
    match xml {
        None if *format == Format::Xml => {
            faults.push("`xml` is missing: xml: {row: …} names the element that is a row".to_owned());
        }
        Some(xml) => faults.extend(xml.fault()),
        None => {}
    }
    if encoding.is_some() && !format.is_text() {
        faults.push(format!("`encoding` is for text, not {}", format.name()));
    }
    faults
}

/// Every fault of the columns, and of what names them.
fn columns_faults(dataset: &Dataset) -> Vec<String> {
    let columns = &dataset.columns;
    if columns.is_empty() {
        return vec!["`columns` names none: leave the key away to have them inferred".to_owned()];
    }
    let mut faults: Vec<String> =
        columns.iter().flat_map(|(name, column)| column_faults::faults(name, column)).collect();
    if dataset.written_columns().next().is_none() {
        faults.push("the mask of every column is drop: there is nothing left to write".to_owned());
    }
    faults.extend(source_faults(dataset));
    faults.extend(partition_faults(dataset));
    if let Some(dedupe) = &dataset.dedupe {
        faults.extend(same_rows_faults(dataset, "dedupe", &dedupe.key, dedupe.newest.as_ref()));
    }
    if let Some(load) = &dataset.load {
        faults.extend(same_rows_faults(dataset, "load", &load.key, load.newest.as_ref()));
        faults.extend(compared_faults(dataset, &load.key));
    }
    for key in dataset.load.iter().flat_map(|load| load.dist_key.iter().chain(&load.sort_key)) {
        match columns.get(key) {
            None => faults.push(format!("`load`: there is no column `{key}` to distribute or sort by")),
            Some(column) if !column.is_written() => {
                faults.push(format!("`load`: column `{key}` is dropped by its mask and cannot distribute or sort"));
            }
            Some(column) if !column.kind.orders_a_table() => {
                faults.push(format!("`load`: Redshift does not distribute or sort by `{key}`, a {}", column.kind));
            }
            Some(_) => {}
        }
    }
    faults
}

/// Names in the file that no column can be read from, or that say two things.
fn source_faults(dataset: &Dataset) -> Vec<String> {
    let mut faults = Vec::new();
    // In nested values a path is a view: the same one may be a column twice, whole and in part. And their names may differ
    // in case alone.
    let is_nested = dataset.format != Format::Csv;
    let dropped: HashSet<String> = dataset.drop.iter().map(|name| fold(name)).collect();
    if dropped.len() < dataset.drop.len() {
        faults.push("`drop` names a column twice (case and white space do not count)".to_owned());
    }
    let mut sources = HashSet::new();
    for (name, column) in &dataset.columns {
        let from = column.from.as_deref().unwrap_or(name.as_str());
        let source = fold(from);
        if source.is_empty() {
            faults.push(format!("column `{name}`: `from` is empty"));
        }
        if dropped.contains(&source) {
            faults.push(format!("column `{name}`: it is read from `{from}`, which `drop` names"));
        }
        if let Some(Err(fault)) = (dataset.format == Format::Json).then(|| Path::parse(from)) {
            faults.push(format!("column `{name}`: {fault}"));
        }
        if !sources.insert(source.clone()) && !is_nested {
            faults.push(format!("column `{name}`: another column is read from `{source}` already"));
        }
    }
    faults
}

fn partition_faults(dataset: &Dataset) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, by) in &dataset.partition_by {
        if dataset.columns.contains_key(key) {
            faults.push(format!("partition `{key}`: a key may not have a column's name"));
        }
        match dataset.columns.get(&by.column) {
            None => faults.push(format!("partition `{key}`: there is no column `{}`", by.column)),
            Some(column) if !column.is_written() => {
                faults.push(format!("partition `{key}`: column `{}` is dropped by its mask", by.column));
            }
            Some(column) => {
                faults.extend(by.grain.accepts(column.kind).err().map(|why| format!("partition `{key}`: {why}")));
            }
        }
    }
    faults
}

/// Faults of a target that show without the columns.
fn load_faults(dataset: &Dataset, load: &LoadTarget) -> Vec<String> {
    let mut faults = Vec::new();
    if load.table.schema().as_str() == "sluice" {
        faults.push("`load.table`: the schema sluice is Sluice's own".to_owned());
    }
    let mode = load.mode.name();
    match load.mode {
        LoadMode::Upsert => faults.extend(key_faults("load.key", &load.key)),
        _ if load.key.is_empty() && load.newest.is_none() => {}
        _ => faults.push(format!("`load`: `key` and `newest` are for mode upsert, not {mode}")),
    }
    if load.mode == LoadMode::ReplacePartitions && dataset.partition_by.is_empty() {
        faults.push(format!("`load`: mode {mode} needs `partition_by`, which says what a partition is"));
    }
    faults
}

/// Faults of a key that show without the columns.
fn key_faults(what: &str, key: &[Identifier]) -> Vec<String> {
    let mut faults = Vec::new();
    if key.is_empty() {
        faults.push(format!("`{what}` names no column"));
    }
    for (number, name) in key.iter().enumerate() {
        if key.iter().take(number).any(|earlier| earlier == name) {
            faults.push(format!("`{what}` names the column `{name}` twice"));
        }
    }
    faults
}

/// Faults of what says which rows are the same, and which of them stays.
fn same_rows_faults(dataset: &Dataset, section: &str, key: &[Identifier], newest: Option<&Identifier>) -> Vec<String> {
    let mut faults = Vec::new();
    for name in key {
        match dataset.columns.get(name) {
            None => faults.push(format!("`{section}.key`: there is no column `{name}`")),
            // Masks come first: different values are the same behind these, and rows would be lost.
            Some(column) if matches!(column.mask, Some(Mask::Redact | Mask::Last4 | Mask::Drop)) => {
                faults.push(format!("`{section}.key`: the mask of column `{name}` makes different rows the same"));
            }
            Some(_) => {}
        }
    }
    let Some(newest) = newest else { return faults };
    match dataset.columns.get(newest) {
        None => faults.push(format!("`{section}.newest`: there is no column `{newest}`")),
        Some(column) if !is_number(column.kind) && !is_temporal(column.kind) => {
            faults.push(format!("`{section}.newest` is a number, a date or a time, and `{newest}` is {}", column.kind));
        }
        Some(column) if !column.is_written() => {
            faults.push(format!("`{section}.newest`: column `{newest}` is dropped by its mask"));
        }
        Some(_) => {}
    }
    faults
}

/// Columns that the warehouse cannot compare.
fn compared_faults(dataset: &Dataset, key: &[Identifier]) -> Vec<String> {
    let column = |name: &Identifier| dataset.columns.get(name).map(|column| (name.clone(), column));
    let is_compared = |(_, column): &(Identifier, &Column)| column.kind.orders_a_table();
    let faults = key.iter().filter_map(column).filter(|found| !is_compared(found));
    faults.map(|(name, column)| format!("`load.key`: Redshift does not compare `{name}`, a {}", column.kind)).collect()
}
