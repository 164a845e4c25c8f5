//! Functions that answer as a test says.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::invoke::{Invocation, Invoke};

type Answer = Box<dyn Fn(&str, usize) -> Invocation + Send + Sync>;

/// Answers by function and by how often it was called before, and keeps the calls.
pub struct Script {
    answer: Answer,
    calls: Mutex<Vec<(String, Value)>>,
}

impl Script {
    /// Functions that answer so, by name and by how often they were called before.
    pub fn new(answer: impl Fn(&str, usize) -> Invocation + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), calls: Mutex::default() })
    }

    /// Every function answers so.
    pub fn always(answer: Value) -> Arc<Self> {
        Self::new(move |_, _| Invocation::Answer(answer.clone()))
    }

    /// Every function fails so.
    pub fn failing(error: &'static str) -> Arc<Self> {
        Self::new(move |_, _| failed(error))
    }

    /// What was called so far, and with what.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

/// A function's failure.
pub fn failed(error: &str) -> Invocation {
    Invocation::Failed { error_type: error.to_owned(), error_message: format!("{error} it is") }
}

#[async_trait]
impl Invoke for Script {
    async fn invoke(&self, function: &str, payload: Value) -> Invocation {
        let before = {
            let mut calls = self.calls.lock().unwrap();
            let before = calls.iter().filter(|(name, _)| name == function).count();
            calls.push((function.to_owned(), payload));
            before
        };
        (self.answer)(function, before)
    }
}

/// Functions that never answer. Each call under way holds a clone of what is inside.
#[derive(Default)]
pub struct Never(pub Arc<()>);

#[async_trait]
impl Invoke for Never {
    async fn invoke(&self, _: &str, _: Value) -> Invocation {
        let _under_way = self.0.clone();
        std::future::pending().await
    }
}

/// Lets other tasks run until something holds.
pub async fn until(holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to hold");
}

/// A Task that calls `function` with its whole input, changed by `members`.
pub fn task(function: &str, members: Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
    });
    task.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    task
}
