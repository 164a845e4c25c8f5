//! What follows what: the decisions of the steps, without any call.

use model::Kind;
use model::flow::LoadStep;
use model::hash;

use crate::tries::{Failure, MAX_TRIES};

/// The wait before the first check of a statement.
pub const FIRST_WAIT_SECONDS: u32 = 1;

/// No wait for a statement is longer.
const LONGEST_WAIT_SECONDS: u32 = 30;

/// No wait for one's turn is longer: a table should not lie idle while somebody waits for it.
const LONGEST_QUEUE_SECONDS: u32 = 15;

/// The wait after a check that found the statement running: 1, 2, 4, … 30.
pub fn longer(wait_seconds: u32) -> u32 {
    doubled(wait_seconds, LONGEST_WAIT_SECONDS)
}

/// The wait after a look that found somebody else loading: 1, 2, 4, … 15, and of those who wait some a little less.
pub fn longer_in_queue(wait_seconds: u32, who: &str) -> u32 {
    jittered(doubled(wait_seconds, LONGEST_QUEUE_SECONDS), &format!("{who} {wait_seconds}"))
}

/// The wait before another try is submitted: the more tries were spent, the longer, and not the same for all.
pub fn backoff(spent: usize, who: &str) -> u32 {
    let wait_seconds = (0..spent).fold(FIRST_WAIT_SECONDS, |wait_seconds, _| longer(wait_seconds));
    jittered(wait_seconds, &format!("{who} {spent}"))
}

fn doubled(wait_seconds: u32, longest: u32) -> u32 {
    wait_seconds.saturating_mul(2).clamp(FIRST_WAIT_SECONDS, longest)
}

/// Between half of it and all of it, by who waits: a call that is made twice says the same.
fn jittered(wait_seconds: u32, who: &str) -> u32 {
    let digits = hash::hash32([who]);
    let number = digits.get(..6).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0);
    let least = wait_seconds.div_ceil(2);
    least + number % (wait_seconds - least + 1)
}

/// What follows a failed statement, once it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The ledger is asked, whatever the statement's text says.
    AskLedger,
    /// The step is submitted under its next number, after a while.
    TryAgain,
    /// The failure is the load's, and the warehouse is asked what more it knows of it.
    Explain,
    /// The failure is the load's.
    GiveUp,
}

/// What follows a failed statement of a step, of which so many tries are spent. Of a group of several nobody asks why it
/// failed: it is split until the run that makes it fail is alone.
pub fn after_failure(step: LoadStep, kind: Kind, spent: usize, is_alone: bool) -> AfterFailure {
    match (step, kind) {
        (LoadStep::Publish, _) => AfterFailure::AskLedger,
        (_, Kind::Transient) if spent < MAX_TRIES => AfterFailure::TryAgain,
        (LoadStep::Stage, _) if is_alone => AfterFailure::Explain,
        _ => AfterFailure::GiveUp,
    }
}

/// What follows a ledger that has no run of the group after its publish was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAbsence {
    /// The publish is submitted under its next number, after a while.
    PublishAgain,
    /// The failure of the publish is the load's.
    GiveUp,
    /// No publish has failed: it finished, and the ledger lost its rows.
    RowsLost,
}

/// What follows, by the last failure of the publish. `spent` is how many tries of a step are spent.
pub fn after_absence(failure: Option<&Failure>, spent: impl Fn(LoadStep) -> usize) -> AfterAbsence {
    // Each answer without the runs is a try spent of `verdict`: so a publish that finishes again and again without
    // leaving a row comes to an end too.
    let is_spent = spent(LoadStep::Publish).max(spent(LoadStep::Verdict)) >= MAX_TRIES;
    match failure {
        None => AfterAbsence::RowsLost,
        Some(failure) if failure.kind == Kind::Transient && !is_spent => AfterAbsence::PublishAgain,
        Some(_) => AfterAbsence::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absence(kind: Kind, spent: usize) -> AfterAbsence {
        let failure = Failure { statement_id: "a".to_owned(), kind, error: "ERROR:1023".to_owned() };
        after_absence(Some(&failure), |_| spent)
    }

    #[test]
    fn waits_grow_to_thirty_seconds() {
        let mut waits = vec![FIRST_WAIT_SECONDS];
        for _ in 0..6 {
            waits.push(longer(waits[waits.len() - 1]));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!((longer(0), longer(u32::MAX)), (1, 30));
    }

    #[test]
    fn those_who_wait_do_not_come_back_together() {
        let waits: std::collections::BTreeSet<u32> = (0..50).map(|who| longer_in_queue(15, &who.to_string())).collect();
        assert_eq!((waits.first(), waits.last()), (Some(&8), Some(&15)));
        assert_eq!(longer_in_queue(4, "a"), longer_in_queue(4, "a"), "a call that is made twice says the same");
        assert_eq!(longer_in_queue(0, "a"), 1);
        for (spent, least, most) in [(0, 1, 1), (1, 1, 2), (2, 2, 4), (3, 4, 8), (9, 15, 30)] {
            assert!((least..=most).contains(&backoff(spent, "a")), "{spent}");
        }
    }

    #[test]
    fn a_failed_publish_always_asks_the_ledger() {
        for kind in [Kind::Transient, Kind::Data, Kind::Config, Kind::Bug] {
            assert_eq!(after_failure(LoadStep::Publish, kind, MAX_TRIES, true), AfterFailure::AskLedger);
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
            assert_eq!(after_failure(step, Kind::Transient, MAX_TRIES - 1, true), AfterFailure::TryAgain);
            assert_eq!(after_failure(step, Kind::Transient, MAX_TRIES, true), end);
            assert_eq!(after_failure(step, Kind::Transient, MAX_TRIES, false), AfterFailure::GiveUp);
            for kind in [Kind::Data, Kind::Config, Kind::Bug] {
                assert_eq!(after_failure(step, kind, 1, true), end);
            }
        }
    }

    #[test]
    fn a_conflict_publishes_again_and_a_failed_check_does_not() {
        assert_eq!(absence(Kind::Transient, 1), AfterAbsence::PublishAgain);
        assert_eq!(absence(Kind::Transient, MAX_TRIES), AfterAbsence::GiveUp);
        assert_eq!(absence(Kind::Bug, 1), AfterAbsence::GiveUp);
    }

    #[test]
    fn a_finished_publish_without_its_rows_is_no_reason_to_try() {
        assert_eq!(after_absence(None, |_| 0), AfterAbsence::RowsLost);
        let failure = Failure { statement_id: "a".to_owned(), kind: Kind::Transient, error: "ERROR:1023".to_owned() };
        let asked_often = |step| if step == LoadStep::Verdict { MAX_TRIES } else { 1 };
        assert_eq!(after_absence(Some(&failure), asked_often), AfterAbsence::GiveUp);
    }
}
