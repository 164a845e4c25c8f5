//! The starter's settings.

use std::str::FromStr;

use aws::Settings;
use aws::mask_key::MaskKeySource;
use model::Result;
use model::name::ExecutionName;

/// Where the starter reads and writes, and what it starts.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SLUICE_LANDING_BUCKET`: what a dataset's plain prefix lies in.
    pub landing_bucket: String,
    /// `SLUICE_CONTROL_BUCKET`: datasets, runs, refusals.
    pub control_bucket: String,
    /// `SLUICE_STATE_MACHINE`: its ARN.
    pub state_machine: StateMachine,
    /// `SLUICE_MASK_KEY` or `SLUICE_MASK_SECRET`: the key of masks, for datasets that need one.
    pub mask_key: MaskKeySource,
}

impl Config {
    /// Reads the settings; every fault is named at once.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Settings::new(get);
        let config = Self {
            landing_bucket: settings.required("SLUICE_LANDING_BUCKET"),
            control_bucket: settings.required("SLUICE_CONTROL_BUCKET"),
            state_machine: settings.required("SLUICE_STATE_MACHINE"),
            mask_key: MaskKeySource::read(&mut settings),
        };
        settings.finish()?;
        Ok(config)
    }
}

/// A state machine's ARN, `arn:aws:states:<region>:<account>:stateMachine:<name>`; its parts make those of its executions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateMachine {
    /// `arn:aws:states:<region>:<account>`
    owner: String,
    name: String,
}

impl FromStr for StateMachine {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = "it is the ARN of a state machine without version or alias, \
                   arn:aws:states:<region>:<account>:stateMachine:<name>";
        let (owner, name) = text.split_once(":stateMachine:").ok_or(bad)?;
        if !owner.starts_with("arn:") || owner.split(':').count() != 5 || name.is_empty() || name.contains(':') {
            return Err(bad);
        }
        Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
    }
}

impl StateMachine {
    /// Its own ARN.
    pub fn arn(&self) -> String {
        format!("{}:stateMachine:{}", self.owner, self.name)
    }

    /// The ARN of one of its executions.
    pub fn execution_arn(&self, execution: &ExecutionName) -> String {
        format!("{}:execution:{}:{execution}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::error::chain;

    const ARN: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:sluice-flow";

    #[test]
    fn an_executions_arn_is_made_from_its_state_machines() {
        let machine: StateMachine = ARN.parse().unwrap();
        assert_eq!(machine.arn(), ARN);
        let execution = ExecutionName::parse("sales-00000000000000000000000000000000-7").unwrap();
        assert_eq!(
            machine.execution_arn(&execution),
            "arn:aws:states:eu-west-1:123456789012:execution:sluice-flow:sales-00000000000000000000000000000000-7"
        );
    }

    #[test]
    fn every_missing_or_bad_setting_is_named() {
        let get = |name: &str| (name == "SLUICE_STATE_MACHINE").then(|| format!("{ARN}:3"));
        let message = chain(&Config::read(get).unwrap_err());
        for part in ["SLUICE_LANDING_BUCKET is not set", "SLUICE_CONTROL_BUCKET is not set", "without version or alias"]
        {
            assert!(message.contains(part), "{message}");
        }
    }
}
