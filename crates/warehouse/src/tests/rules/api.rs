//! Rules of facts/redshift-data-api.md.

use super::{Section, rule};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Wire",
        rules: &[
            rule(
                "Times are epoch seconds, a duration is in nanoseconds",
                &["a_duration_is_in_nanoseconds_and_a_time_in_seconds"],
            ),
            rule(
                "An operation or a member that is not known is refused by name: WaitTimeSeconds, AUTO_COMMIT, CSV, WithEvent, SecretArn among them",
                &["a_member_that_is_not_known_is_refused_by_name"],
            ),
        ],
    },
    Section {
        title: "Requests / responses",
        rules: &[
            rule(
                "A statement is submitted, described and read",
                &["a_statement_is_submitted_described_and_read"],
            ),
            rule(
                "A workgroup, or a cluster with a user, and a database say where a statement runs",
                &["a_warehouse_is_named_by_workgroup_or_by_cluster"],
            ),
            rule(
                "Sub-statements are `id:N` from 1, each with its rows; a batch's results are read by them",
                &["a_batch_is_one_transaction_with_numbered_statements", "a_batchs_results_are_read_statement_by_statement"],
            )
            .cases(&["a_batchs_statements_count_rows"]),
            rule(
                "A field is a union by type; decimals, dates and timestamps are texts",
                &["values_are_unions_by_type", "what_json_has_no_member_for_is_a_text"],
            )
            .cases(&["values_are_unions_by_type"]),
            rule("A long result comes in pages", &["a_long_result_comes_in_pages"]).cases(&["a_long_result_comes_in_pages"]),
            rule(
                "Only what runs can be cancelled; what is cancelled is ABORTED and leaves nothing",
                &["a_cancelled_statement_is_aborted_and_leaves_nothing", "only_what_runs_can_be_cancelled"],
            )
            .cases(&["what_is_over_cannot_be_cancelled"]),
            rule(
                "ListStatements lists finished statements unless asked otherwise, by the case-sensitive prefix of a name, 100 at most",
                &["statements_are_listed_by_status_and_name"],
            )
            .cases(&["a_statement_is_listed_by_its_name"]),
            rule("An id is a UUID, or one with a number", &["unknown_and_malformed_ids_are_told_apart"]),
            rule(
                "Statements after a failing one are ABORTED",
                &["a_failing_statement_rolls_its_batch_back_and_aborts_what_follows"],
            )
            .cases(&["a_batch_is_all_or_nothing"])
            .unverified(),
        ],
    },
    Section {
        title: "Semantics",
        rules: &[
            rule(
                "A batch is one transaction block, a single statement is none",
                &["a_batch_is_a_transaction_block_and_a_statement_is_none"],
            )
            .cases(&["a_type_is_altered_in_no_transaction_block"]),
            rule("Several statements in one text are refused", &["several_statements_in_one_text_are_refused"]).unverified(),
        ],
    },
    Section {
        title: "Limits",
        rules: &[
            rule("A batch has 1 to 40 statements, a text 100 KB", &["limits_of_a_submission_are_held"])
                .cases(&["a_batch_has_1_to_40_statements", "a_statement_has_a_longest_text"]),
            rule(
                "A row of a result has at most 64 KB, a result 500 MB",
                &["a_row_of_more_than_64_kb_fails_its_statement", "a_row_has_at_most_64_kb_and_a_result_500_mb"],
            ),
            rule("Statements and results are told for 24 hours", &["statements_and_results_are_told_for_24_hours"]),
            rule("500 statements may be active", &["at_most_500_statements_are_active"]),
            rule("500 sessions may be active", &["at_most_500_sessions_are_active"]).unverified(),
        ],
    },
    Section {
        title: "ClientToken",
        rules: &[
            rule(
                "The same token within 8 hours is the same statement, with other SQL an error",
                &["the_same_token_within_8_hours_is_the_same_statement", "limits_of_a_submission_are_held"],
            )
            .cases(&["a_token_is_one_statement", "a_token_has_64_characters"]),
            rule(
                "A failed statement is not run again with its token",
                &["a_failed_statement_does_not_run_again_with_its_token"],
            )
            .cases(&["a_failed_statement_is_not_run_again_with_its_token"]),
            rule("A token is one caller's", &["a_token_is_one_callers"]).unverified(),
        ],
    },
    Section {
        title: "Parameters",
        rules: &[
            rule(
                "A parameter is a value, cast as it is used; in texts and comments there is none",
                &["parameters_are_values", "a_parameter_becomes_a_literal", "a_parameter_in_a_text_or_comment_is_none"],
            )
            .cases(&["parameters_are_values"]),
            rule(
                "A parameter has a name of letters, a value of one character at least, and is used",
                &["a_parameter_must_be_used_and_have_a_value"],
            )
            .cases(&["a_parameter_has_a_value_and_is_used"]),
            rule(
                "No name, no path and nothing of COPY is a parameter; the text null is a text",
                &["a_parameter_is_a_value_of_a_query_and_nothing_else"],
            )
            .unverified(),
        ],
    },
    Section {
        title: "Sessions",
        rules: &[
            rule(
                "SessionKeepAliveSeconds keeps a session; statements of its id run in it, each other call in its own",
                &["the_last_copys_count_lives_in_its_session", "a_session_closes_when_no_statement_comes_in_time"],
            )
            .cases(&["a_session_takes_statement_after_statement", "a_session_that_is_not_there_is_refused"]),
            rule("A session lives 24 hours at most", &["a_session_lives_24_hours_at_most"]),
            rule("A session runs one statement at a time", &["a_session_runs_one_statement_at_a_time"]).unverified(),
            rule(
                "A session's workgroup and database need not be said again",
                &["a_session_stays_in_its_warehouse_and_database"],
            )
            .unverified(),
        ],
    },
    Section {
        title: "Identity and IAM",
        rules: &[rule(
            "Statements and sessions are their caller's; to others they are not there",
            &["a_statement_is_there_for_its_caller_only", "a_session_is_one_callers"],
        )],
    },
    Section {
        title: "Exceptions",
        rules: &[
            rule(
                "Failed SQL is a status with an error, never an exception",
                &["failed_sql_is_a_status_and_never_an_exception"],
            )
            .cases(&["failed_sql_is_a_status"]),
            rule(
                "A result is not there before the end, nor of a statement without one",
                &["there_is_no_result_before_the_end_nor_of_a_statement_without_one"],
            )
            .cases(&["a_statement_without_rows_has_no_result"]),
            rule(
                "What ran when the process ended is ABORTED, or FINISHED when its commit happened",
                &[
                    "finished_statements_are_told_after_a_restart",
                    "what_ran_when_the_process_ended_is_aborted_and_left_nothing",
                    "a_kill_after_the_commit_and_before_the_record_leaves_a_finished_statement",
                    "a_kill_between_the_record_and_the_commit_leaves_an_aborted_statement",
                ],
            ),
        ],
    },
];
