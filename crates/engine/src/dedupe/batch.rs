//! The dedupe of a dataset, over one batch: what it asks of each piece, and what it answers.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use model::Result;
use model::dataset::Dataset;

use super::{First, KeyColumns, Keys, Newest, OrderColumn, Orders, Winners, bug};

/// Which columns make a row's key, and which says what is newest.
#[derive(Debug)]
pub(crate) struct Rule {
    keys: KeyColumns,
    order: Option<OrderColumn>,
}

/// What the dedupe asks of the good rows of a piece.
#[derive(Debug)]
pub(crate) struct Marks {
    keys: Keys,
    orders: Option<Orders>,
}

impl Rule {
    /// The dataset's dedupe, where it has one.
    pub fn of(dataset: &Dataset) -> Result<Option<Self>> {
        let Some(dedupe) = &dataset.dedupe else { return Ok(None) };
        let order = dedupe.newest.as_ref().map(|newest| OrderColumn::new(dataset, newest));
        Ok(Some(Self { keys: KeyColumns::new(dataset, dedupe)?, order: order.transpose()? }))
    }

    /// The marks of the good rows, in their order.
    pub fn marks(&self, columns: &RecordBatch, good: Option<&[u32]>) -> Result<Marks> {
        let orders = self.order.as_ref().map(|order| order.orders(columns, good));
        Ok(Marks { keys: self.keys.keys(columns, good)?, orders: orders.transpose()? })
    }
}

/// The dedupe of a batch, as far as it has come. Pieces are shown to it in the order of the batch.
#[derive(Debug)]
pub(crate) struct Dedupe {
    pub rule: Arc<Rule>,
    state: State,
    /// Good rows shown in this pass.
    rows: u64,
}

#[derive(Debug)]
enum State {
    /// The first row of each key stays: one pass.
    First(First),
    /// The newest row of each key is sought: a pass that writes nothing, …
    Seek(Newest),
    /// … and one that writes what won.
    Write(Winners),
}

impl Dedupe {
    pub fn new(rule: Rule) -> Self {
        let state = match &rule.order {
            None => State::First(First::new(&rule.keys)),
            Some(order) => State::Seek(Newest::new(&rule.keys, order)),
        };
        Self { rule: Arc::new(rule), state, rows: 0 }
    }

    /// Whether this pass only looks at the rows: they are all shown again in the next.
    pub fn is_seeking(&self) -> bool {
        matches!(self.state, State::Seek(_))
    }

    /// Goes to the pass that writes.
    pub fn next_pass(&mut self) -> Result<()> {
        let State::Seek(newest) = std::mem::replace(&mut self.state, State::Write(Winners::default())) else {
            return Err(bug("there is no further pass"));
        };
        (self.state, self.rows) = (State::Write(newest.finish()?), 0);
        Ok(())
    }

    /// Says which of the next good rows stay. What it says while it seeks is of no use.
    pub fn keep(&mut self, marks: &Marks) -> Result<Vec<bool>> {
        let mut keep = vec![true; marks.keys.len()];
        let first_row = self.rows;
        self.rows += keep.len() as u64;
        match (&mut self.state, &marks.orders) {
            (State::First(first), None) => first.insert_all(&marks.keys, &mut keep)?,
            (State::Seek(newest), Some(orders)) => newest.insert_all(&marks.keys, orders, first_row)?,
            (State::Write(winners), _) => winners.keep(first_row, &mut keep),
            _ => return Err(bug("the marks are those of another rule")),
        }
        Ok(keep)
    }
}
