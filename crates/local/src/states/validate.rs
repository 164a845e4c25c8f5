//! What must hold in a definition beyond its shape: every arrow leads somewhere, every state is reached, an end exists.

use std::collections::{BTreeSet, VecDeque};

use super::definition::{ChoiceState, FailState, Flow, Machine, MapState, State, WaitState};
use super::retry::{ALL, Catcher, RESERVED, Retrier};

/// The longest name of a state.
const NAME_CHARACTERS: usize = 80;

/// All faults of a definition, each with its place.
pub fn faults(machine: &Machine) -> Vec<String> {
    let mut check = Check::default();
    if machine.timeout.is_some_and(|timeout| timeout.is_zero()) {
        check.faults.push("TimeoutSeconds: 0".to_owned());
    }
    check.flow(&machine.flow, "");
    check.faults
}

#[derive(Default)]
struct Check<'a> {
    faults: Vec<String>,
    /// The names met so far: a name is used once in a whole machine.
    names: BTreeSet<&'a str>,
}

impl<'a> Check<'a> {
    fn fault(&mut self, place: &str, what: impl std::fmt::Display) {
        self.faults.push(format!("{place}: {what}"));
    }

    fn flow(&mut self, flow: &'a Flow, place: &str) {
        if !flow.states.0.contains_key(&flow.start_at) {
            self.fault(&format!("{place}StartAt"), format_args!("there is no state `{}`", flow.start_at));
        }
        for (name, state) in &flow.states.0 {
            let place = format!("{place}States.{name}");
            if name.chars().count() > NAME_CHARACTERS {
                self.fault(&place, format_args!("a name has at most {NAME_CHARACTERS} characters"));
            }
            if !self.names.insert(name) {
                self.fault(&place, "another state has this name");
            }
            for next in followers(state) {
                if !flow.states.0.contains_key(next) {
                    self.fault(&place, format_args!("there is no state `{next}` to go to"));
                }
            }
            self.state(state, &place);
        }
        let reached = reached(flow);
        for name in flow.states.0.keys().filter(|name| !reached.contains(name.as_str())) {
            self.fault(&format!("{place}States.{name}"), "no state leads here");
        }
        if !flow.states.0.iter().any(|(name, state)| reached.contains(name.as_str()) && is_end(state)) {
            self.fault(&format!("{place}States"), "no end can be reached");
        }
    }

    fn state(&mut self, state: &'a State, place: &str) {
        match state {
            State::Pass(pass) => {
                self.transition(pass.next.as_deref(), pass.end, place);
                if pass.parameters.is_some() && pass.result.is_some() {
                    self.fault(place, "Parameters and Result together");
                }
            }
            State::Task(task) => {
                self.transition(task.next.as_deref(), task.end, place);
                self.seconds(task.timeout_seconds, "TimeoutSeconds", place);
                self.retry(&task.retry, place);
                self.catch(&task.catch, place);
            }
            State::Map(map) => self.map(map, place),
            State::Choice(choice) => self.choice(choice, place),
            State::Wait(wait) => self.wait(wait, place),
            State::Succeed(_) => {}
            State::Fail(fail) => self.fail(fail, place),
        }
    }

    fn transition(&mut self, next: Option<&str>, end: bool, place: &str) {
        if next.is_some() == end {
            self.fault(place, "exactly one of Next and End is needed");
        }
    }

    fn seconds(&mut self, seconds: Option<u32>, field: &str, place: &str) {
        if seconds == Some(0) {
            self.fault(place, format_args!("{field} is 0"));
        }
    }

    fn map(&mut self, map: &'a MapState, place: &str) {
        self.transition(map.next.as_deref(), map.end, place);
        if map.item_selector.is_some() && map.parameters.is_some() {
            self.fault(place, "ItemSelector and Parameters together");
        }
        self.retry(&map.retry, place);
        self.catch(&map.catch, place);
        self.flow(&map.item_processor, &format!("{place}.ItemProcessor."));
    }

    fn choice(&mut self, choice: &ChoiceState, place: &str) {
        if choice.choices.is_empty() {
            self.fault(place, "Choices is empty");
        }
    }

    fn wait(&mut self, wait: &WaitState, place: &str) {
        self.transition(wait.next.as_deref(), wait.end, place);
        if wait.seconds.is_some() == wait.seconds_path.is_some() {
            self.fault(place, "exactly one of Seconds and SecondsPath is needed");
        }
    }

    fn fail(&mut self, fail: &FailState, place: &str) {
        if fail.error.is_some() && fail.error_path.is_some() {
            self.fault(place, "Error and ErrorPath together");
        }
        if fail.cause.is_some() && fail.cause_path.is_some() {
            self.fault(place, "Cause and CausePath together");
        }
    }

    fn retry(&mut self, retriers: &[Retrier], place: &str) {
        for (index, retrier) in retriers.iter().enumerate() {
            let place = format!("{place}.Retry[{index}]");
            self.error_equals(&retrier.error_equals, index + 1 == retriers.len(), &place);
            self.seconds(Some(retrier.interval_seconds), "IntervalSeconds", &place);
            if retrier.backoff_rate < 1.0 {
                self.fault(&place, "BackoffRate is less than 1");
            }
            if retrier.max_delay_seconds.is_some_and(|longest| longest <= retrier.interval_seconds) {
                self.fault(&place, "MaxDelaySeconds is not more than IntervalSeconds");
            }
        }
    }

    fn catch(&mut self, catchers: &[Catcher], place: &str) {
        for (index, catcher) in catchers.iter().enumerate() {
            let place = format!("{place}.Catch[{index}]");
            self.error_equals(&catcher.error_equals, index + 1 == catchers.len(), &place);
        }
    }

    fn error_equals(&mut self, names: &[String], is_last: bool, place: &str) {
        if names.is_empty() {
            self.fault(place, "ErrorEquals is empty");
        }
        for name in names {
            if name.starts_with("States.") && !RESERVED.contains(&name.as_str()) {
                self.fault(place, format_args!("error name `{name}` is not known to the double"));
            }
        }
        if names.iter().any(|name| name == ALL) && !(is_last && names.len() == 1) {
            self.fault(place, format_args!("{ALL} must stand alone and last"));
        }
    }
}

/// The states that a state names.
fn followers(state: &State) -> Vec<&str> {
    let (next, catchers) = match state {
        State::Pass(pass) => (&pass.next, [].as_slice()),
        State::Task(task) => (&task.next, task.catch.as_slice()),
        State::Map(map) => (&map.next, map.catch.as_slice()),
        State::Wait(wait) => (&wait.next, [].as_slice()),
        State::Choice(choice) => {
            return choice.choices.iter().map(|rule| &rule.next).chain(&choice.default).map(String::as_str).collect();
        }
        State::Succeed(_) | State::Fail(_) => return Vec::new(),
    };
    next.iter().chain(catchers.iter().map(|catcher| &catcher.next)).map(String::as_str).collect()
}

fn is_end(state: &State) -> bool {
    match state {
        State::Pass(pass) => pass.end,
        State::Task(task) => task.end,
        State::Map(map) => map.end,
        State::Wait(wait) => wait.end,
        State::Choice(_) => false,
        State::Succeed(_) | State::Fail(_) => true,
    }
}

/// The names of the states that `StartAt` leads to.
fn reached(flow: &Flow) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut ahead = VecDeque::from([flow.start_at.as_str()]);
    while let Some(name) = ahead.pop_front() {
        if reached.insert(name) {
            ahead.extend(flow.states.0.get(name).map(followers).unwrap_or_default());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults_of(machine: Value) -> Vec<String> {
        faults(&Machine::read(&machine.to_string()).unwrap())
    }

    fn faults_of_state(state: Value) -> Vec<String> {
        faults_of(json!({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}}))
            .into_iter()
            .filter(|fault| fault != "States.B: no state leads here")
            .collect()
    }

    fn task(members: Value) -> Value {
        let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Payload": {}}, "Next": "B"});
        task.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        task
    }

    #[test]
    fn arrows_lead_to_states() {
        assert_eq!(
            faults_of(json!({"StartAt": "Z", "States": {"B": {"Type": "Succeed"}}})),
            ["StartAt: there is no state `Z`", "States.B: no state leads here", "States: no end can be reached"]
        );
        assert_eq!(
            faults_of_state(json!({"Type": "Pass", "Next": "Z"})),
            ["States.A: there is no state `Z` to go to", "States: no end can be reached"]
        );
        let caught = task(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]}));
        assert_eq!(faults_of_state(caught), ["States.A: there is no state `Z` to go to"]);
        let rule = json!({"Variable": "$.a", "IsNull": true, "Next": "Y"});
        assert_eq!(
            faults_of_state(json!({"Type": "Choice", "Choices": [rule], "Default": "B"})),
            ["States.A: there is no state `Y` to go to"]
        );
    }

    #[test]
    fn a_loop_without_an_end_is_refused() {
        let machine = json!({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Succeed"}
        }});
        assert_eq!(faults_of(machine), ["States.C: no state leads here", "States: no end can be reached"]);
    }

    #[test]
    fn a_state_ends_or_goes_on() {
        let one = ["States.A: exactly one of Next and End is needed"];
        assert_eq!(faults_of_state(json!({"Type": "Pass", "Next": "B", "End": true})), one);
        assert_eq!(faults_of_state(json!({"Type": "Pass"}))[..1], one);
    }

    #[test]
    fn fields_that_exclude_each_other_are_refused() {
        let wait = ["States.A: exactly one of Seconds and SecondsPath is needed"];
        assert_eq!(faults_of_state(json!({"Type": "Wait", "Next": "B"})), wait);
        assert_eq!(faults_of_state(json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "Next": "B"})), wait);
        assert_eq!(
            faults_of_state(
                json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e", "Cause": "C", "CausePath": "$.c"})
            ),
            ["States.A: Error and ErrorPath together", "States.A: Cause and CausePath together"]
        );
        assert_eq!(
            faults_of_state(json!({"Type": "Pass", "Result": 1, "Parameters": {}, "Next": "B"})),
            ["States.A: Parameters and Result together"]
        );
        assert_eq!(
            faults_of_state(json!({"Type": "Choice", "Choices": [], "Default": "B"})),
            ["States.A: Choices is empty"]
        );
    }

    #[test]
    fn error_names_are_the_known_ones_and_all_stands_last() {
        let retry = |retry: Value| faults_of_state(task(json!({"Retry": retry})));
        assert_eq!(retry(json!([{"ErrorEquals": ["Transient"]}, {"ErrorEquals": ["States.ALL"]}])), [""; 0]);
        let alone = "States.A.Retry[0]: States.ALL must stand alone and last";
        assert_eq!(retry(json!([{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["Transient"]}])), [alone]);
        assert_eq!(retry(json!([{"ErrorEquals": ["Transient", "States.ALL"]}])), [alone]);
        assert_eq!(retry(json!([{"ErrorEquals": []}])), ["States.A.Retry[0]: ErrorEquals is empty"]);
        assert_eq!(
            retry(json!([{"ErrorEquals": ["States.Runtime"]}])),
            ["States.A.Retry[0]: error name `States.Runtime` is not known to the double"]
        );
    }

    #[test]
    fn numbers_are_in_their_ranges() {
        let retrier = json!({"ErrorEquals": ["E"], "IntervalSeconds": 0, "BackoffRate": 0.5, "MaxDelaySeconds": 0});
        assert_eq!(
            faults_of_state(task(json!({"TimeoutSeconds": 0, "Retry": [retrier]}))),
            [
                "States.A: TimeoutSeconds is 0",
                "States.A.Retry[0]: IntervalSeconds is 0",
                "States.A.Retry[0]: BackoffRate is less than 1",
                "States.A.Retry[0]: MaxDelaySeconds is not more than IntervalSeconds",
            ]
        );
        let machine = json!({"StartAt": "A", "TimeoutSeconds": 0, "States": {"A": {"Type": "Succeed"}}});
        assert_eq!(faults_of(machine), ["TimeoutSeconds: 0"]);
    }

    #[test]
    fn the_states_of_a_map_are_checked_too() {
        let processor = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}});
        let map = json!({"Type": "Map", "ItemProcessor": processor, "ItemSelector": {}, "Parameters": {}, "Next": "B"});
        assert_eq!(
            faults_of_state(map),
            [
                "States.A: ItemSelector and Parameters together",
                "States.A.ItemProcessor.States.A: another state has this name",
                "States.A.ItemProcessor.States.A: there is no state `B` to go to",
                "States.A.ItemProcessor.States: no end can be reached",
            ]
        );
    }
}
