//! Cases of facts/redshift-sql.md, and of the identifiers and literals of facts/redshift-copy.md.

use super::case::{Case, Step, batch, case};

pub fn cases() -> Vec<Case> {
    let mut cases = names_and_texts();
    cases.extend(tables());
    cases.extend(alterations());
    cases.extend(writes());
    cases.extend(transactions());
    cases.extend(queries());
    cases.extend(views());
    cases
}

fn names_and_texts() -> Vec<Case> {
    vec![
        case("names_are_lower_case_even_when_quoted")
            .runs(r#"CREATE TABLE $s."Sales" ("Id" integer)"#)
            .runs(r#"INSERT INTO $s.SALES ("ID") VALUES (1)"#)
            .answers(r#"SELECT "iD" FROM $s."sAles""#, &["1"])
            .fails(r#"CREATE TABLE $s.t (a integer, "A" integer)"#, ""),
        case("a_quoted_name_holds_anything")
            .runs(r#"CREATE TABLE $s."my table" ("a ""b""" integer, "select" integer)"#)
            .runs(r#"INSERT INTO $s."my table" VALUES (1, 2)"#)
            .answers(r#"SELECT "a ""b""", "select" FROM $s."my table""#, &["1|2"]),
        case("a_reserved_word_is_quoted").fails("CREATE TABLE $s.t (tag integer)", "syntax error at or near \"tag\""),
        case("a_system_column_is_no_users").fails(r#"CREATE TABLE $s.t ("oid" integer)"#, "system column name"),
        case("a_quote_is_doubled_and_a_backslash_escapes")
            .answers(r"SELECT 'it''s', OCTET_LENGTH('a\\b')", &["it's|3"]),
    ]
}

fn tables() -> Vec<Case> {
    vec![
        case("a_table_exists_once")
            .runs("CREATE TABLE $s.t (a integer)")
            .fails("CREATE TABLE $s.t (a integer)", "already exists")
            .runs("CREATE TABLE IF NOT EXISTS $s.t (other integer)")
            .answers("SELECT COUNT(a) FROM $s.t", &["0"])
            .runs("DROP TABLE $s.t")
            .fails("DROP TABLE $s.t", "does not exist")
            .runs("DROP TABLE IF EXISTS $s.t"),
        case("a_primary_key_is_not_enforced_and_not_null_is")
            .runs("CREATE TABLE $s.t (a integer PRIMARY KEY)")
            .runs("INSERT INTO $s.t VALUES (1), (1)")
            .answers("SELECT COUNT(*) FROM $s.t", &["2"])
            .fails("INSERT INTO $s.t VALUES (NULL)", "Cannot insert a NULL value into column a"),
        case("lengths_and_precisions_end")
            .fails("CREATE TABLE $s.t (a varchar(65536))", "")
            .fails("CREATE TABLE $s.t (a decimal(39,0))", "")
            .fails("CREATE TABLE $s.t (a char(4097))", "")
            .runs("CREATE TABLE $s.t (a varchar(max), b varchar, c char(4096), d decimal(38,37), e decimal)"),
        case("types_that_are_not_there")
            .fails("CREATE TABLE $s.t (a uuid)", "")
            .fails("CREATE TABLE $s.t (a tinyint)", "")
            .fails("CREATE TABLE $s.t (a bytea)", ""),
        case("a_super_is_no_key")
            .fails("CREATE TABLE $s.t (a super, b integer) DISTKEY (a)", "")
            .fails("CREATE TABLE $s.t (a super, b integer) SORTKEY (a)", ""),
    ]
}

fn alterations() -> Vec<Case> {
    let filled = |name| {
        case(name)
            .runs("CREATE TABLE $s.t (a integer, v varchar(3))")
            .runs("INSERT INTO $s.t VALUES (1, 'abc'), (2, NULL)")
    };
    vec![
        filled("an_added_column_is_last_and_null_or_its_default")
            .runs("ALTER TABLE $s.t ADD COLUMN n integer")
            .runs("ALTER TABLE $s.t ADD COLUMN d varchar(3) DEFAULT 'x' NOT NULL")
            .answers("SELECT * FROM $s.t ORDER BY a", &["1|abc|null|x", "2|null|null|x"]),
        filled("an_added_column_is_new").fails("ALTER TABLE $s.t ADD COLUMN v integer", "already exists"),
        filled("one_statement_adds_one_column")
            .fails("ALTER TABLE $s.t ADD COLUMN b integer, ADD COLUMN c integer", "syntax error"),
        filled("an_added_column_without_default_allows_null")
            .fails("ALTER TABLE $s.t ADD COLUMN b integer NOT NULL", ""),
        filled("an_added_column_is_no_key")
            .fails("ALTER TABLE $s.t ADD COLUMN b bigint DISTKEY", "")
            .fails("ALTER TABLE $s.t ADD COLUMN b bigint IDENTITY(1,1)", ""),
        filled("a_column_is_added_in_a_transaction")
            .step(Step::Finishes(batch(&[
                "ALTER TABLE $s.t ADD COLUMN b integer DEFAULT 1",
                "INSERT INTO $s.t VALUES (3, 'x', 2)",
            ])))
            .answers("SELECT SUM(b) FROM $s.t", &["4"]),
        filled("a_varchar_is_lengthened_and_shortened_to_its_values")
            .runs("ALTER TABLE $s.t ALTER COLUMN v TYPE varchar(5)")
            .runs("INSERT INTO $s.t (v) VALUES ('ääb')")
            .fails("ALTER TABLE $s.t ALTER COLUMN v TYPE varchar(4)", "")
            .answers("SELECT v FROM $s.t WHERE a IS NULL", &["ääb"]),
        filled("no_other_type_is_altered").fails("ALTER TABLE $s.t ALTER COLUMN a TYPE bigint", ""),
        filled("a_type_is_altered_in_no_transaction_block").step(Step::Fails(
            batch(&["SELECT 1", "ALTER TABLE $s.t ALTER COLUMN v TYPE varchar(9)"]),
            "ALTER TABLE ALTER COLUMN cannot run inside a transaction block",
        )),
    ]
}

fn writes() -> Vec<Case> {
    let filled = |name| {
        case(name)
            .runs("CREATE TABLE $s.t (k integer, v varchar(5) DEFAULT 'x', n integer)")
            .runs("INSERT INTO $s.t VALUES (1, 'a', 1), (2, 'b', 2), (2, 'c', 3)")
    };
    vec![
        filled("insert_counts_its_columns")
            .fails("INSERT INTO $s.t (k) VALUES (1, 2)", "INSERT has more expressions than target columns")
            .fails("INSERT INTO $s.t (k, n) VALUES (1)", "INSERT has more target columns than expressions")
            .fails("INSERT INTO $s.t (z) VALUES (1)", "column \"z\""),
        filled("insert_fills_with_defaults")
            .runs("INSERT INTO $s.t (n) VALUES (9)")
            .answers("SELECT k, v FROM $s.t WHERE n = 9", &["null|x"]),
        case("insert_measures_texts_in_bytes")
            .runs("CREATE TABLE $s.t (a varchar(3))")
            .runs("INSERT INTO $s.t VALUES ('äa'), ('abc   ')")
            .fails("INSERT INTO $s.t VALUES ('ää')", "value too long for type character varying(3)")
            .answers("SELECT OCTET_LENGTH(a) FROM $s.t", &["3", "3"]),
        case("insert_rounds_decimals_and_checks_ranges")
            .runs("CREATE TABLE $s.t (d decimal(5,2), s smallint)")
            .runs("INSERT INTO $s.t VALUES (1.005, 1)")
            .answers("SELECT d FROM $s.t", &["1.01"])
            .fails("INSERT INTO $s.t VALUES (1000, 1)", "")
            .fails("INSERT INTO $s.t VALUES (1, 40000)", ""),
        case("a_decimal_of_19_digits_has_8_bytes")
            .runs("CREATE TABLE $s.t (d decimal(19,0))")
            .runs("INSERT INTO $s.t VALUES (9223372036854775807)")
            .fails("INSERT INTO $s.t VALUES (9223372036854775808)", ""),
        filled("insert_takes_a_union")
            .runs(
                "INSERT INTO $s.t SELECT k, v, n FROM $s.t WHERE n = 1 UNION ALL SELECT k, v, n FROM $s.t WHERE n = 3",
            )
            .answers("SELECT COUNT(*) FROM $s.t", &["5"]),
        filled("delete_takes_tables_after_using")
            .runs("CREATE TABLE $s.a (k integer)")
            .runs("CREATE TABLE $s.b (v varchar(5))")
            .runs("INSERT INTO $s.a VALUES (2), (2)")
            .runs("INSERT INTO $s.b VALUES ('b')")
            .runs("DELETE FROM $s.t USING $s.a, $s.b WHERE t.k = a.k AND t.v = b.v")
            .answers("SELECT v FROM $s.t ORDER BY v", &["a", "c"]),
        filled("there_is_no_on_conflict_and_no_returning")
            .fails("INSERT INTO $s.t (k) VALUES (1) ON CONFLICT DO NOTHING", "syntax error")
            .fails("INSERT INTO $s.t (k) VALUES (1) RETURNING k", "syntax error"),
    ]
}

fn transactions() -> Vec<Case> {
    let table = |name| case(name).runs("CREATE TABLE $s.t (a integer)").runs("INSERT INTO $s.t VALUES (1)");
    vec![
        table("a_batch_is_all_or_nothing")
            .step(Step::Breaks(
                batch(&["CREATE TABLE $s.u (a integer)", "INSERT INTO $s.t VALUES (2)", "SELECT nothing", "SELECT 1"]),
                vec!["FINISHED", "FINISHED", "FAILED", "ABORTED"],
            ))
            .fails("SELECT * FROM $s.u", "does not exist")
            .answers("SELECT a FROM $s.t", &["1"]),
        table("truncate_commits")
            .step(Step::Fails(batch(&["INSERT INTO $s.t VALUES (2)", "TRUNCATE $s.t", "SELECT nothing"]), ""))
            .answers("SELECT COUNT(*) FROM $s.t", &["0"]),
        table("vacuum_runs_in_no_transaction_block")
            .step(Step::Fails(batch(&["SELECT 1", "VACUUM $s.t"]), "VACUUM cannot run inside a transaction block")),
        table("append_runs_in_no_transaction_block").runs("CREATE TABLE $s.u (a integer)").step(Step::Fails(
            batch(&["SELECT 1", "ALTER TABLE $s.t APPEND FROM $s.u"]),
            "cannot run inside a transaction block",
        )),
        table("lock_is_taken_first").step(Step::Finishes(batch(&[
            "LOCK $s.t",
            "DELETE FROM $s.t WHERE a = 1",
            "INSERT INTO $s.t VALUES (2)",
        ]))),
    ]
}

fn queries() -> Vec<Case> {
    vec![
        case("trailing_blanks_mean_nothing_in_a_comparison")
            .runs("CREATE TABLE $s.t (k varchar(10), n integer)")
            .runs("INSERT INTO $s.t VALUES ('a', 1), ('a  ', 2), ('b', 3), (' a', 4)")
            .answers("SELECT COUNT(*) FROM $s.t WHERE k = 'a '", &["2"])
            .answers("SELECT COUNT(DISTINCT k) FROM $s.t", &["3"])
            .answers("SELECT SUM(n) FROM $s.t GROUP BY k ORDER BY 1", &["3", "3", "4"])
            .answers("SELECT COUNT(*) FROM $s.t x JOIN $s.t y ON x.k = y.k", &["6"]),
        case("a_text_that_is_no_number_fails_a_cast")
            .runs("CREATE TABLE $s.t (a integer)")
            .runs("INSERT INTO $s.t VALUES (1), (2)")
            .answers("SELECT CASE WHEN COUNT(*) = 2 THEN 1 ELSE CAST('rows: ' || CAST(COUNT(*) AS varchar) AS integer) END FROM $s.t", &["1"])
            .fails("SELECT CASE WHEN COUNT(*) = 3 THEN 1 ELSE CAST('rows: ' || CAST(COUNT(*) AS varchar) AS integer) END FROM $s.t", "rows: 2"),
        case("a_cast_to_varchar_cuts_in_silence").answers("SELECT CAST('abcdef' AS varchar(3))", &["abc"]),
        case("a_zone_in_a_timestamps_text_is_ignored")
            .answers("SELECT CAST('2024-01-02 03:04:05+05' AS timestamp)", &["2024-01-02 03:04:05"]),
        case("qualify_windows_and_common_tables")
            .runs("CREATE TABLE $s.t (k integer, v varchar(5))")
            .runs("INSERT INTO $s.t VALUES (1, 'a'), (2, 'b'), (2, 'c')")
            .answers("SELECT v FROM $s.t QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) = 1 ORDER BY v", &["a", "c"])
            .answers("WITH x AS (SELECT k, COUNT(*) AS n FROM $s.t GROUP BY k) SELECT n FROM x ORDER BY n", &["1", "2"]),
        case("there_are_no_values_in_from").fails("SELECT x FROM (VALUES (1)) AS t(x)", "syntax error"),
        case("what_is_not_there_is_named")
            .runs("CREATE TABLE $s.t (a integer)")
            .fails("SELECT 1 FROM $s.nothing", "does not exist")
            .fails("SELECT b FROM $s.t", "column \"b\" does not exist"),
        case("integers_overflow").fails("SELECT CAST(2147483647 AS integer) + CAST(1 AS integer)", ""),
    ]
}

fn views() -> Vec<Case> {
    vec![
        case("svv_tables_lists_tables")
            .runs("CREATE TABLE $s.t (a integer)")
            .answers("SELECT table_name FROM svv_tables WHERE table_schema = '$s'", &["t"]),
        case("svv_columns_tells_columns")
            .runs("CREATE TABLE $s.t (a varchar(7) NOT NULL, b decimal(10,2), c bigint)")
            .answers(
                "SELECT column_name, ordinal_position, data_type, character_maximum_length, is_nullable FROM svv_columns \
                 WHERE table_schema = '$s' ORDER BY ordinal_position",
                &["a|1|character varying|7|NO", "b|2|numeric|null|YES", "c|3|bigint|null|YES"],
            ),
        case("svv_redshift_columns_tells_full_types")
            .runs("CREATE TABLE $s.t (a varchar(7), b integer) DISTKEY (b)")
            .answers(
                "SELECT column_name, data_type, distkey FROM svv_redshift_columns WHERE schema_name = '$s' \
                 ORDER BY ordinal_position",
                &["a|character varying(7)|false", "b|integer|true"],
            ),
    ]
}
