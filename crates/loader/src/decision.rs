//! What follows what: the decisions of the steps, without any call.

use model::Kind;
use model::flow::LoadStep;

use crate::class::staging_is_gone;
use crate::tries::{Failure, MAX_TRIES};

/// The wait before the first check of a statement.
pub const FIRST_WAIT_SECONDS: u32 = 1;

/// No wait is longer.
const LONGEST_WAIT_SECONDS: u32 = 30;

/// The wait after a check that found the statement running: 1, 2, 4, … 30.
pub fn longer(wait_seconds: u32) -> u32 {
    wait_seconds.saturating_mul(2).clamp(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
}

/// The wait before the first check of another try: the more tries were spent, the longer.
pub fn backoff(spent: usize) -> u32 {
    (0..spent).fold(FIRST_WAIT_SECONDS, |wait_seconds, _| longer(wait_seconds))
}

/// What follows a failed statement, once it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The ledger is asked, whatever the statement's text says.
    AskLedger,
    /// The step is submitted under its next number.
    TryAgain,
    /// The failure is the load's, and the warehouse is asked what more it knows of it.
    Explain,
    /// The failure is the load's.
    GiveUp,
}

/// What follows a failed statement of a step, of which this execution has spent so many tries.
pub fn after_failure(step: LoadStep, kind: Kind, spent: usize) -> AfterFailure {
    match (step, kind) {
        (LoadStep::Publish, _) => AfterFailure::AskLedger,
        (_, Kind::Transient) if spent < MAX_TRIES => AfterFailure::TryAgain,
        (LoadStep::Stage, _) => AfterFailure::Explain,
        _ => AfterFailure::GiveUp,
    }
}

/// What follows a ledger that does not have the run after its publish was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAbsence {
    /// Staging went between the two steps: it is filled again.
    StageAgain,
    /// The publish is submitted under its next number.
    PublishAgain,
    /// The failure of the publish is the load's.
    GiveUp,
    /// No publish has failed: it finished, and the ledger lost its row.
    RowLost,
}

/// What follows, by the last failure of the publish. `spent` is how many tries this execution has spent of the step
/// that would be tried again, and of asking the ledger, whichever is more.
pub fn after_absence(failure: Option<&Failure>, stage_table: &str, spent: impl Fn(LoadStep) -> usize) -> AfterAbsence {
    let Some(failure) = failure else { return AfterAbsence::RowLost };
    // Each answer without the run is a try spent of `verdict`: so a publish that finishes again and again without
    // leaving a row comes to an end too.
    let left = |step| spent(step).max(spent(LoadStep::Verdict)) < MAX_TRIES;
    if staging_is_gone(&failure.error, stage_table) {
        return if left(LoadStep::Stage) { AfterAbsence::StageAgain } else { AfterAbsence::GiveUp };
    }
    match failure.kind {
        Kind::Transient if left(LoadStep::Publish) => AfterAbsence::PublishAgain,
        _ => AfterAbsence::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE_TABLE: &str = "stage_sales_0f";

    fn absence(kind: Kind, error: &str, spent: usize) -> AfterAbsence {
        let failure = Failure { statement_id: None, kind, error: error.to_owned() };
        after_absence(Some(&failure), STAGE_TABLE, |_| spent)
    }

    #[test]
    fn waits_grow_to_thirty_seconds() {
        let mut waits = vec![FIRST_WAIT_SECONDS];
        for _ in 0..6 {
            waits.push(longer(waits[waits.len() - 1]));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!((longer(0), longer(u32::MAX)), (1, 30));
        assert_eq!([0, 1, 2, 9].map(backoff), [1, 2, 4, 30]);
    }

    #[test]
    fn a_failed_publish_always_asks_the_ledger() {
        for kind in [Kind::Transient, Kind::Data, Kind::Config, Kind::Bug] {
            assert_eq!(after_failure(LoadStep::Publish, kind, MAX_TRIES), AfterFailure::AskLedger);
        }
    }

    #[test]
    fn only_transient_failures_are_tried_again_and_not_for_ever() {
        for (step, end) in [
            (LoadStep::Prepare, AfterFailure::GiveUp),
            (LoadStep::Alter, AfterFailure::GiveUp),
            (LoadStep::Stage, AfterFailure::Explain),
            (LoadStep::Explain, AfterFailure::GiveUp),
            (LoadStep::Verdict, AfterFailure::GiveUp),
        ] {
            assert_eq!(after_failure(step, Kind::Transient, MAX_TRIES - 1), AfterFailure::TryAgain);
            assert_eq!(after_failure(step, Kind::Transient, MAX_TRIES), end);
            for kind in [Kind::Data, Kind::Config, Kind::Bug] {
                assert_eq!(after_failure(step, kind, 1), end);
            }
        }
    }

    #[test]
    fn missing_staging_is_filled_again_and_a_missing_target_is_not() {
        let missing = |table: &str| format!("ERROR: relation \"{table}\" does not exist");
        let staging = missing("sluice.stage_sales_0f");
        assert_eq!(absence(Kind::Config, &staging, 1), AfterAbsence::StageAgain);
        assert_eq!(absence(Kind::Config, &staging, MAX_TRIES), AfterAbsence::GiveUp);
        assert_eq!(absence(Kind::Config, &missing("analytics.sales"), 1), AfterAbsence::GiveUp);
        assert_eq!(
            absence(Kind::Transient, "ERROR: 1018 DETAIL: Relation does not exist.", 1),
            AfterAbsence::StageAgain
        );
    }

    #[test]
    fn a_conflict_publishes_again_and_a_failed_check_does_not() {
        assert_eq!(absence(Kind::Transient, "ERROR:1023", 1), AfterAbsence::PublishAgain);
        assert_eq!(absence(Kind::Transient, "ERROR:1023", MAX_TRIES), AfterAbsence::GiveUp);
        assert_eq!(absence(Kind::Bug, "sluice: 897 rows accepted, 896 staged", 1), AfterAbsence::GiveUp);
    }

    #[test]
    fn a_finished_publish_without_its_row_is_no_reason_to_try() {
        assert_eq!(after_absence(None, STAGE_TABLE, |_| 0), AfterAbsence::RowLost);
        let failure = Failure { statement_id: None, kind: Kind::Transient, error: "ERROR:1023".to_owned() };
        let asked_often = |step| if step == LoadStep::Verdict { MAX_TRIES } else { 1 };
        assert_eq!(after_absence(Some(&failure), STAGE_TABLE, asked_often), AfterAbsence::GiveUp);
    }
}
