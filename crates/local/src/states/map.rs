//! The Map state: a flow for each item of a list, several at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::task::JoinSet;

use super::definition::MapState;
use super::failure::{Failure, Stop};
use super::interpreter::{Frame, Interpreter, within_limit};

/// How many items of an inline Map run at once, whatever `MaxConcurrency` says (facts/stepfunctions-eventbridge.md).
const CONCURRENT_ITEMS: usize = 40;

/// The items of one Map and how far the lanes have come.
struct Items {
    values: Vec<Value>,
    next: AtomicUsize,
}

impl Items {
    fn take(&self) -> Option<(usize, &Value)> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        self.values.get(index).map(|item| (index, item))
    }
}

impl Interpreter {
    /// Runs the items and answers their outputs in the order of the items.
    ///
    /// Lanes take one item after the other. The first failure is the Map's: what runs is cancelled at its next wait,
    /// what has not begun does not begin. Dropping the answer cancels all lanes too.
    pub(super) async fn map(&self, map: &Arc<MapState>, input: Value, frame: &mut Frame) -> Result<Value, Stop> {
        let Value::Array(values) = map.items_path.find(frame.scope(&input))?.clone() else {
            let cause = format!("The ItemsPath '{}' finds no array", map.items_path.text());
            return Err(Failure::runtime(cause).into());
        };
        let count = values.len();
        let concurrent = usize::try_from(map.max_concurrency).unwrap_or(CONCURRENT_ITEMS);
        let concurrent = if concurrent == 0 { CONCURRENT_ITEMS } else { concurrent.min(CONCURRENT_ITEMS) };
        let items = Arc::new(Items { values, next: AtomicUsize::new(0) });
        let input = Arc::new(input);
        let mut lanes = JoinSet::new();
        for _ in 0..concurrent.min(count) {
            let lane = Lane { map: map.clone(), items: items.clone(), input: input.clone(), frame: frame.clone() };
            lanes.spawn(lane.run(self.clone()));
        }
        let mut outputs = vec![Value::Null; count];
        while let Some(lane) = lanes.join_next().await {
            let (lane_outputs, lane_frame) =
                lane.map_err(|error| Failure::runtime(format!("An item ended: {error}")))??;
            frame.time.join(&lane_frame.time);
            for (index, output) in lane_outputs {
                if let Some(place) = outputs.get_mut(index) {
                    *place = output;
                }
            }
        }
        Ok(Value::Array(outputs))
    }
}

/// What one lane needs to run items.
struct Lane {
    map: Arc<MapState>,
    items: Arc<Items>,
    input: Arc<Value>,
    frame: Frame,
}

impl Lane {
    async fn run(mut self, interpreter: Interpreter) -> Result<(Vec<(usize, Value)>, Frame), Stop> {
        let mut outputs = Vec::new();
        while let Some((index, item)) = self.items.take() {
            let mut frame = self.frame.at_item(index, item);
            let selector = self.map.item_selector.as_ref().or(self.map.parameters.as_ref());
            let input = match selector {
                Some(selector) => selector.evaluate(frame.scope(&self.input))?,
                None => item.clone(),
            };
            within_limit(&input, "an item of a Map")?;
            let output = interpreter.run(&self.map.item_processor, input, &mut frame).await?;
            self.frame.time = frame.time;
            outputs.push((index, output));
        }
        Ok((outputs, self.frame))
    }
}
