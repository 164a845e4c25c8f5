//! Rules of facts/redshift-copy.md.

use super::{Section, rule};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        title: "Mapping of file columns to table columns",
        rules: &[
            rule("Columns are mapped by position, never by name", &["columns_are_mapped_by_position_never_by_name"])
                .cases(&["copy_maps_by_position"]),
            rule(
                "Another number of columns fails with 15007, table columns and data columns said",
                &["another_number_of_columns_fails_with_15007"],
            )
            .cases(&["copy_counts_columns"]),
            rule(
                "A column list maps the file's columns in its order; a column left out gets its DEFAULT, else null",
                &["a_column_list_maps_the_files_columns_and_the_rest_gets_defaults"],
            )
            .cases(&["copy_takes_a_column_list"]),
            rule(
                "A column left out that is NOT NULL without a DEFAULT fails the COPY",
                &["an_omitted_column_that_is_not_null_needs_a_default"],
            )
            .cases(&["copy_leaves_out_no_column_that_needs_a_value"]),
            rule(
                "A DEFAULT applies only to what a column list leaves out",
                &["a_null_in_a_file_stays_null_where_the_column_has_a_default"],
            )
            .cases(&["copy_uses_no_default_without_a_list"]),
            rule(
                "FILLRECORD fills trailing columns that the file lacks with null; more columns than the table has still fail",
                &["fillrecord_fills_trailing_columns_with_null", "what_fillrecord_fills_must_allow_null"],
            )
            .cases(&["fillrecord_fills_with_null", "fillrecord_takes_no_more_columns"]),
            rule(
                "Path segments (`dt=2024-01-01/`) are not loaded; `=` shows as %3D in messages",
                &["segments_of_a_path_are_not_loaded_and_their_equals_sign_shows_as_3d"],
            )
            .cases(&["a_segment_of_a_path_is_no_column"]),
        ],
    },
    Section {
        title: "Allowed clauses with FORMAT AS PARQUET",
        rules: &[
            rule(
                "TRUNCATECOLUMNS, MAXERROR, COMPUPDATE, ACCEPTANYDATE, NULL AS, GZIP and their like are not supported for PARQUET",
                &["options_that_parquet_does_not_take_are_refused"],
            )
            .cases(&["truncatecolumns_is_not_for_parquet", "other_options_are_not_for_parquet"]),
            rule(
                "STATUPDATE is allowed; clauses that Sluice never writes, another format and a COPY without MANIFEST are refused by name",
                &["options_that_the_double_does_not_know_are_refused"],
            )
            .cases(&["statupdate_is_for_parquet"]),
            rule("COPY always appends", &["copy_appends"]).cases(&["copy_appends"]),
        ],
    },
    Section {
        title: "Manifest",
        rules: &[
            rule(
                "An entry without `meta` fails with 15003",
                &["an_entry_without_its_length_fails_with_15003", "an_entry_without_meta_fails_with_15003"],
            )
            .cases(&["an_entry_needs_its_meta"]),
            rule("A wrong `content_length` fails with 416", &["a_wrong_length_fails_with_416"])
                .cases(&["an_entry_needs_its_true_length"]),
            rule(
                "`mandatory` is false unless said: a missing file is skipped, a mandatory one fails the COPY",
                &["mandatory_is_false_unless_said", "a_missing_file_is_skipped_unless_it_is_mandatory"],
            )
            .cases(&["an_optional_file_may_be_missing", "a_mandatory_file_may_not_be_missing"]),
            rule("A COPY that finds no file at all fails", &["no_file_at_all_fails"])
                .cases(&["a_copy_without_any_file_fails"]),
            rule("A url listed twice is loaded twice", &["a_url_listed_twice_is_loaded_twice"])
                .cases(&["a_url_twice_is_loaded_twice"]),
            rule(
                "An entry is a whole key, of any bucket, and no prefix; `s3://b//k` is another key than `s3://b/k`",
                &["an_entry_is_a_whole_key_of_any_bucket"],
            )
            .cases(&["an_entry_is_a_whole_key"]),
            rule("Other keys of a manifest are ignored", &["extra_keys_are_ignored"]),
            rule(
                "A manifest is plain JSON, and must be there",
                &["a_manifest_that_is_no_json_fails", "a_missing_manifest_fails"],
            )
            .cases(&["a_manifest_must_be_there"]),
        ],
    },
    Section {
        title: "Authorization",
        rules: &[
            rule(
                "COPY names a role by `default` or by ARN, or fails",
                &[
                    "options_that_the_double_does_not_know_are_refused",
                    "a_column_list_maps_the_files_columns_and_the_rest_gets_defaults",
                ],
            )
            .cases(&["a_copy_needs_an_authorization"]),
            rule("At most 10 roles are chained", &["at_most_10_roles_can_be_chained"]),
        ],
    },
    Section {
        title: "Sizes and performance",
        rules: &[
            rule("A row of COPY has at most 4 MB", &["a_row_has_at_most_4_mb"]),
            rule("A table has at most 1,600 columns", &["a_table_has_at_most_1600_columns"]),
            rule(
                "A key that ends in .gz, .snappy or .bz2 is a compressed object, which the double refuses by name",
                &["a_key_that_ends_like_a_compressed_file_is_refused"],
            ),
            rule(
                "Pages are plain or SNAPPY; other codecs, verified or not, are refused by name",
                &["pages_are_plain_or_snappy"],
            )
            .unverified(),
            rule("A COPY in a transaction is rolled back with it", &["a_copy_is_rolled_back_with_its_transaction"]),
        ],
    },
    Section {
        title: "Type compatibility",
        rules: &[
            rule(
                "A column of another physical type fails with 15007, its column type and Parquet schema said",
                &["another_physical_type_fails_with_15007"],
            )
            .cases(&["a_bigint_is_no_varchar"]),
            rule(
                "SMALLINT loads from INT32 (INT_16), INTEGER from INT32, BIGINT from INT64, DOUBLE from DOUBLE, BOOLEAN from BOOLEAN, DATE from INT32 DATE",
                &["every_type_loads_from_its_physical_type"],
            )
            .cases(&["every_type_loads_from_its_physical_type", "nulls_load"]),
            rule("No type is converted into another", &["types_are_never_converted"]).cases(&[
                "a_bigint_is_no_integer",
                "a_bigint_is_no_smallint",
                "a_bigint_is_no_double",
                "a_double_is_no_decimal",
                "a_decimal_is_no_double",
                "an_integer_is_no_boolean",
                "a_timestamp_is_no_date",
                "a_text_is_no_timestamp",
            ]),
            rule("REAL loads from FLOAT, and from no DOUBLE", &["a_real_is_a_float_and_nothing_else"]).unverified(),
            rule(
                "DECIMAL loads from a DECIMAL of the same precision and scale only",
                &["decimals_must_have_the_columns_precision_and_scale"],
            )
            .unverified(),
            rule(
                "TIMESTAMP loads from INT64 microseconds, whatever the writer notes of a zone, and from INT96",
                &[
                    "what_a_writer_notes_about_its_own_types_does_not_matter",
                    "a_timestamp_loads_from_the_int96_of_spark_and_unload",
                ],
            ),
            rule(
                "VARCHAR and CHAR load from BYTE_ARRAY that is marked as text",
                &["bytes_that_are_not_marked_as_text_are_none"],
            ),
            rule(
                "VARBYTE loads from BYTE_ARRAY, up to its length",
                &["a_varbyte_takes_bytes_only_and_no_more_than_it_has_room_for"],
            )
            .cases(&["a_varbyte_loads_from_bytes"]),
            rule("SUPER needs SERIALIZETOJSON", &["a_super_column_needs_serializetojson"])
                .cases(&["a_super_needs_serializetojson"]),
            rule(
                "TIME and TIMESTAMPTZ from Parquet are refused by name",
                &["a_copy_into_a_time_or_a_moment_is_unverified_and_refused_by_name", "a_time_in_a_file_is_no_text"],
            )
            .unverified(),
            rule("Unsigned integers do not load", &["unsigned_integers_do_not_load"]),
            rule("A nested column without SERIALIZETOJSON is refused by name", &["a_nested_column_is_refused_by_name"])
                .unverified(),
            rule("A field name twice in a file fails", &["a_field_name_twice_fails"]),
            rule("A file that is no Parquet fails", &["a_file_that_is_no_parquet_fails"]),
            rule(
                "VARCHAR(n) is n bytes; over-length aborts the COPY, both lengths said",
                &["a_text_over_its_length_in_bytes_fails_the_whole_copy"],
            )
            .cases(&["a_text_is_measured_in_bytes"]),
            rule("CHAR takes single-byte characters only", &["a_char_takes_single_bytes_only"])
                .cases(&["a_char_takes_single_bytes"]),
            rule("Trailing blanks beyond the length are cut on INSERT", &["trailing_blanks_beyond_the_length_are_cut"])
                .cases(&["insert_measures_texts_in_bytes"]),
            rule("Text that is no UTF-8 fails the COPY", &["a_text_that_is_no_utf8_fails_the_copy"]),
            rule(
                "VARCHAR has 256 bytes unless said and 65,535 at most, CHAR 4,096, DECIMAL 38 digits",
                &["lengths_and_precisions_have_limits", "decimal_ends_at_38_37"],
            )
            .cases(&["lengths_and_precisions_end"]),
            rule(
                "DECIMAL(19,x) ends at 9223372036854775807",
                &["a_decimal_of_19_digits_ends_where_8_bytes_end"],
            )
            .cases(&["a_decimal_of_19_digits_has_8_bytes"]),
            rule("A null into NOT NULL fails the whole COPY", &["a_null_into_not_null_fails_the_whole_copy"])
                .cases(&["a_null_into_not_null_fails_the_copy"]),
        ],
    },
    Section {
        title: "Identifiers and quoting",
        rules: &[
            rule("A name is cut at 127 bytes in silence", &["a_name_over_127_bytes_is_cut"]),
            rule(
                "A name is lower case even when quoted; columns that differ by case collide",
                &["identifiers_are_lower_case_even_when_quoted", "names_that_cannot_be_columns_are_refused"],
            )
            .cases(&["names_are_lower_case_even_when_quoted"]),
            rule(
                "A quoted name holds anything, with its quotes doubled",
                &["a_quoted_name_holds_anything_and_a_doubled_quote"],
            )
            .cases(&["a_quoted_name_holds_anything"]),
            rule(
                "A quote in a literal is doubled, a backslash escapes",
                &["a_quote_in_a_literal_is_doubled", "a_backslash_in_a_literal_is_an_escape"],
            )
            .cases(&["a_quote_is_doubled_and_a_backslash_escapes"]),
            rule("A system column's name is no user's column", &["names_that_cannot_be_columns_are_refused"])
                .cases(&["a_system_column_is_no_users"]),
            rule(
                "A reserved word is a name only when quoted",
                &["a_reserved_word_must_be_quoted", "reserved_words_are_sorted"],
            )
            .cases(&["a_reserved_word_is_quoted"]),
        ],
    },
];
