//! Rules of facts/redshift-sql.md.

use super::{Section, rule};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "MERGE",
        rules: &[rule(
            "Sluice uses no MERGE: it is refused by name, as UPDATE is",
            &["what_redshift_lacks_or_the_double_does_not_know_is_refused_by_name"],
        )],
    },
    Section {
        title: "DELETE + INSERT",
        rules: &[
            rule(
                "DELETE takes tables and subqueries after USING; a row that matches often is deleted once",
                &["delete_takes_the_rows_of_its_condition", "delete_takes_several_tables_after_using"],
            )
            .cases(&["delete_takes_tables_after_using"]),
            rule(
                "INSERT takes several rows of VALUES, or a query, also a UNION ALL",
                &["insert_takes_several_rows_of_values", "insert_takes_a_union_of_queries"],
            )
            .cases(&["insert_takes_a_union"]),
            rule(
                "INSERT counts its columns in Redshift's words; what it leaves out gets its DEFAULT, else null",
                &["insert_counts_its_columns"],
            )
            .cases(&["insert_counts_its_columns", "insert_fills_with_defaults"]),
            rule(
                "QUALIFY, windows, common tables and subqueries that group are known",
                &["common_tables_joins_windows_and_set_operations_are_known", "subqueries_that_group_can_be_joined"],
            )
            .cases(&["qualify_windows_and_common_tables"]),
            rule(
                "Every statement that the loader sends is known",
                &["every_statement_that_the_loader_sends_is_known_and_a_second_publish_fails"],
            ),
        ],
    },
    Section {
        title: "Temp vs staging tables",
        rules: &[rule(
            "Temporary tables, CREATE TABLE LIKE, CREATE TABLE AS, BACKUP and ENCODE are refused by name",
            &["what_create_table_does_not_know_is_refused"],
        )],
    },
    Section {
        title: "Transactions",
        rules: &[
            rule(
                "A statement commits by itself; a batch is one transaction, DDL included: all or nothing",
                &["a_batch_is_all_or_nothing", "a_column_is_added_with_its_transaction_or_not_at_all"],
            )
            .cases(&["a_batch_is_all_or_nothing", "a_column_is_added_in_a_transaction"]),
            rule(
                "TRUNCATE commits the running transaction and cannot be rolled back",
                &[
                    "truncate_commits_the_transaction_and_cannot_be_rolled_back",
                    "truncate_lets_go_of_the_transactions_locks",
                    "truncate_conflicts_as_any_write_does",
                ],
            )
            .cases(&["truncate_commits"]),
            rule(
                "VACUUM, ALTER COLUMN TYPE, ALTER TABLE APPEND, external tables, databases and libraries run in no transaction block",
                &["what_cannot_run_in_a_transaction_block_fails_there", "a_batch_is_a_transaction_block_and_a_statement_is_none"],
            )
            .cases(&[
                "vacuum_runs_in_no_transaction_block",
                "append_runs_in_no_transaction_block",
                "a_type_is_altered_in_no_transaction_block",
            ]),
            rule(
                "After an error a block takes no statement (25P02)",
                &["after_an_error_a_transaction_takes_no_statement"],
            ),
        ],
    },
    Section {
        title: "ALTER TABLE",
        rules: &[
            rule(
                "ADD COLUMN appends one column; rows that are there get its DEFAULT or null",
                &[
                    "an_added_column_stands_last_and_is_null_or_its_default_in_the_rows_that_are_there",
                    "one_statement_adds_one_column",
                    "an_added_columns_default_must_fit_it",
                ],
            )
            .cases(&["an_added_column_is_last_and_null_or_its_default", "one_statement_adds_one_column"]),
            rule("An added column's name must be new", &["an_added_column_has_a_name_of_its_own"])
                .cases(&["an_added_column_is_new"]),
            rule(
                "An added column is NOT NULL only with a DEFAULT",
                &["an_added_column_is_not_null_only_with_a_default"],
            )
            .cases(&["an_added_column_without_default_allows_null"])
            .unverified(),
            rule("An added column is no key and no IDENTITY", &["an_added_column_is_no_key"])
                .cases(&["an_added_column_is_no_key"])
                .unverified(),
            rule(
                "ALTER COLUMN TYPE changes the length of a varchar, not below its values",
                &["the_length_of_a_varchar_can_be_altered_down_to_its_longest_value"],
            )
            .cases(&["a_varchar_is_lengthened_and_shortened_to_its_values"])
            .unverified(),
            rule(
                "No other type is altered, nor a column with a DEFAULT or of the primary key",
                &["no_other_type_can_be_altered"],
            )
            .cases(&["no_other_type_is_altered"])
            .unverified(),
            rule(
                "ALTER TABLE keeps others from the table until its transaction ends",
                &["alter_table_keeps_others_from_the_table_until_its_transaction_ends"],
            ),
            rule(
                "RENAME, DROP COLUMN, APPEND, ENCODE, IF NOT EXISTS and the rest of ALTER TABLE are refused by name",
                &["what_alter_table_does_not_know_is_refused"],
            ),
        ],
    },
    Section {
        title: "Isolation and locks",
        rules: &[
            rule(
                "A transaction reads the snapshot of its first statement",
                &["a_transaction_reads_the_snapshot_of_its_first_statement"],
            ),
            rule(
                "Of two that overlap and write one table, of which the second reads it or takes rows from it, the second fails with 1023 and leaves nothing",
                &[
                    "two_that_wrote_one_table_conflict",
                    "who_reads_a_table_beside_adding_to_it_is_bound_to_the_snapshot",
                    "two_that_created_one_table_conflict",
                    "a_conflict_fails_the_statement_with_1023",
                ],
            ),
            rule(
                "COPY, INSERT and DELETE of one table queue behind the lock; readers pass",
                &["writers_of_one_table_take_turns_and_readers_pass_them"],
            ),
            rule(
                "Of several that only add rows to a table (INSERT, COPY) all commit, one after the other",
                &["those_who_only_add_rows_to_a_table_all_commit", "a_copy_adds_to_what_was_committed_since_the_snapshot"],
            ),
            rule("Two that write different tables both commit", &["two_that_wrote_different_tables_both_commit"]),
            rule(
                "A table made after the snapshot fails with 1018",
                &["a_table_that_was_made_after_the_snapshot_fails_with_1018"],
            ),
            rule(
                "LOCK keeps readers and writers out until its transaction ends; taken first, what follows sees what the other holder committed",
                &[
                    "lock_waits_for_the_other_holder_and_then_sees_what_it_committed",
                    "readers_of_a_locked_table_wait",
                    "a_lock_goes_when_its_transaction_is_rolled_back",
                    "lock_needs_a_table",
                ],
            )
            .cases(&["lock_is_taken_first"]),
            rule("A deadlock aborts one side", &["a_deadlock_is_broken"]),
        ],
    },
    Section {
        title: "Load bookkeeping",
        rules: &[
            rule(
                "pg_last_copy_count() is the rows of the session's last COPY, 0 when it failed or there was none",
                &["the_last_copys_count_is_known_in_its_session", "the_last_copys_count_lives_in_its_session"],
            ),
            rule("ResultRows of a COPY is not relied on", &["the_count_of_a_copy_is_not_told"]).unverified(),
            rule(
                "SYS_LOAD_ERROR_DETAIL tells file, column and message of a failed COPY, though it was rolled back",
                &["the_details_of_a_failed_copy_can_be_read_though_it_was_rolled_back"],
            )
            .cases(&["a_text_is_measured_in_bytes"]),
            rule("SYS_LOAD_HISTORY counts rows and files", &["the_history_counts_rows_and_files"]),
            rule(
                "STL, STV and SVL views are not there, as on Serverless; other system views are refused by name",
                &["views_of_provisioned_clusters_are_absent", "a_system_view_that_is_not_known_is_refused_by_name"],
            ),
        ],
    },
    Section {
        title: "CREATE TABLE",
        rules: &[
            rule(
                "IF NOT EXISTS and IF EXISTS do what they say; without them it is an error",
                &["a_table_exists_once_unless_asked_otherwise", "a_schema_must_exist_and_may_exist_only_once"],
            )
            .cases(&["a_table_exists_once"]),
            rule(
                "A schema with tables is dropped by CASCADE only",
                &["a_schema_is_dropped_with_its_tables_only_when_asked_so"],
            ),
            rule("A primary key is not enforced, NOT NULL is", &["keys_are_not_enforced"])
                .cases(&["a_primary_key_is_not_enforced_and_not_null_is"]),
            rule(
                "DISTKEY means DISTSTYLE KEY; one distribution column, 400 sort columns; keys name columns",
                &["keys_have_limits_and_a_distkey_means_diststyle_key", "keys_must_name_columns"],
            ),
            rule("SUPER and VARBYTE are no keys", &["a_super_or_a_varbyte_is_no_key"]).cases(&["a_super_is_no_key"]),
            rule("A DEFAULT must fit its column", &["a_default_must_fit_its_column"]),
        ],
    },
    Section {
        title: "Types and literals",
        rules: &[
            rule(
                "Types that Redshift lacks (UUID, TINYINT, JSON, BYTEA, arrays …) are refused",
                &["types_that_redshift_lacks_are_refused"],
            )
            .cases(&["types_that_are_not_there"]),
            rule(
                "DATE and TIMESTAMP literals are read; an offset in a TIMESTAMP's text is ignored",
                &["a_zone_in_the_text_of_a_timestamp_is_ignored"],
            )
            .cases(&["a_zone_in_a_timestamps_text_is_ignored"]),
            rule("INSERT rounds decimals and checks ranges", &["insert_rounds_decimals_and_checks_ranges"])
                .cases(&["insert_rounds_decimals_and_checks_ranges"]),
            rule("Texts are measured in bytes on INSERT", &["varchar_counts_bytes_on_insert"])
                .cases(&["insert_measures_texts_in_bytes"]),
            rule("Integers fail where they overflow", &["integers_do_not_wrap"]).cases(&["integers_overflow"]),
            rule(
                "An untyped literal fits every column, an expression only kindred ones",
                &[
                    "a_literal_fits_every_column_and_an_expression_only_kindred_ones",
                    "an_untyped_literal_is_compared_as_what_it_is_compared_with",
                ],
            ),
            rule(
                "A cast of a text that is no number fails and tells the text; a branch that is not taken does not fail",
                &[
                    "a_cast_of_a_text_that_is_no_number_tells_the_text",
                    "the_branch_of_a_case_that_is_not_taken_does_not_fail",
                    "a_constant_branch_that_is_not_taken_does_not_fail",
                ],
            )
            .cases(&["a_text_that_is_no_number_fails_a_cast"]),
            rule("A cast to VARCHAR cuts in silence", &["a_cast_to_varchar_cuts_in_silence"])
                .cases(&["a_cast_to_varchar_cuts_in_silence"]),
            rule("A text comes into a SUPER by JSON_PARSE", &["a_text_comes_into_a_super_by_json_parse_only"]).unverified(),
        ],
    },
    Section {
        title: "Unlike PostgreSQL",
        rules: &[
            rule(
                "No ON CONFLICT, RETURNING, LATERAL, VALUES in FROM, generate_series, SUBSTR, NOW, CURRENT_SCHEMA",
                &["what_redshift_lacks_or_the_double_does_not_know_is_refused_by_name"],
            )
            .cases(&["there_is_no_on_conflict_and_no_returning", "there_are_no_values_in_from"]),
            rule(
                "Trailing blanks are equal in comparison, grouping, DISTINCT and joins",
                &["trailing_blanks_are_ignored_in_comparison", "trailing_blanks_are_ignored_in_grouping"],
            )
            .cases(&["trailing_blanks_mean_nothing_in_a_comparison"]),
            rule("GETDATE() and SYSDATE tell the time", &["time_is_the_clocks"]),
            rule(
                "svv_tables, svv_columns and svv_redshift_columns tell tables, columns, types and keys",
                &[
                    "svv_tables_lists_all_tables",
                    "svv_columns_tells_positions_types_and_lengths",
                    "svv_redshift_columns_tells_full_types_and_keys",
                ],
            )
            .cases(&["svv_tables_lists_tables", "svv_columns_tells_columns", "svv_redshift_columns_tells_full_types"]),
            rule("pg_table_def shows the search path only", &["pg_table_def_shows_the_search_path_only"]),
            rule("What is not there is named", &["what_is_not_there_is_told_as_redshift_tells_it"])
                .cases(&["what_is_not_there_is_named"]),
        ],
    },
];
