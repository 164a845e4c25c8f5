//! Cases of facts/redshift-data-api.md.

use super::case::{Case, Step, batch, case, statement};
use super::target::Submission;

fn with_parameters(sql: &str, parameters: &[(&str, &str)]) -> Submission {
    let parameter = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Submission { parameters: parameters.iter().map(parameter).collect(), ..statement(sql) }
}

pub fn cases() -> Vec<Case> {
    let mut cases = submissions();
    cases.extend(results());
    cases.extend(sessions());
    cases
}

fn submissions() -> Vec<Case> {
    let token = |token: &str| Some(token.to_owned());
    let long = format!("SELECT '{}'", "x".repeat(300 * 1024));
    vec![
        case("a_batch_has_1_to_40_statements")
            .step(Step::Refused(batch(&["SELECT 1"; 41]), "ValidationException"))
            .step(Step::Finishes(batch(&["SELECT 1"; 40]))),
        case("a_statement_has_a_longest_text").step(Step::Refused(statement(&long), "ValidationException")),
        case("a_token_is_one_statement")
            .runs("CREATE TABLE $s.t (a integer)")
            .step(Step::IsOne(Submission { token: token("one"), ..statement("INSERT INTO $s.t VALUES (1)") }))
            .answers("SELECT COUNT(*) FROM $s.t", &["1"]),
        case("a_token_has_64_characters").step(Step::Refused(
            Submission { token: Some("x".repeat(65)), ..statement("SELECT 1") },
            "ValidationException",
        )),
        case("a_failed_statement_is_not_run_again_with_its_token")
            .step(Step::Fails(
                Submission { token: token("again"), ..statement("SELECT * FROM $s.t") },
                "does not exist",
            ))
            .runs("CREATE TABLE $s.t (a integer)")
            .step(Step::Fails(
                Submission { token: token("again"), ..statement("SELECT * FROM $s.t") },
                "does not exist",
            )),
        case("parameters_are_values")
            .runs("CREATE TABLE $s.t (a integer, v varchar(9))")
            .step(Step::Finishes(with_parameters(
                "INSERT INTO $s.t VALUES (:a::integer, :v)",
                &[("a", "7"), ("v", "it's")],
            )))
            .step(Step::Answers(
                with_parameters("SELECT v FROM $s.t WHERE a = :a::integer", &[("a", "7")]),
                vec!["it's".to_owned()],
            ))
            .answers("SELECT ':v'", &[":v"]),
        case("a_parameter_has_a_value_and_is_used")
            .step(Step::Refused(with_parameters("SELECT :a", &[("a", "")]), "ValidationException"))
            .step(Step::Refused(with_parameters("SELECT :a", &[("a", "1"), ("b", "1")]), "ValidationException")),
        case("a_statement_is_listed_by_its_name")
            .step(Step::IsListed(Submission { name: Some("load-1".to_owned()), ..statement("SELECT 1") }, "load")),
        case("what_is_over_cannot_be_cancelled").step(Step::IsTooLate(statement("SELECT 1"))),
        case("failed_sql_is_a_status")
            .fails("SELECT * FROM nowhere_at_all", "does not exist")
            .fails("SELECT 'unfinished", ""),
    ]
}

fn results() -> Vec<Case> {
    let values: Vec<String> = (0..9).map(|n| format!("({n})")).collect();
    let table = |name| {
        case(name).runs("CREATE TABLE $s.t (a integer)").runs(&format!("INSERT INTO $s.t VALUES {}", values.join(",")))
    };
    let wide = "SELECT x.a, y.a, z.a, w.a FROM $s.t x, $s.t y, $s.t z, $s.t w";
    let sql = "SELECT CAST(1 AS smallint), CAST(2 AS integer), CAST(3 AS bigint), CAST(1.5 AS double precision), \
               CAST(1.5 AS decimal(5,2)), CAST('x' AS varchar(3)), true, CAST('2024-01-02' AS date), \
               CAST('2024-01-02 03:04:05' AS timestamp), CAST(NULL AS integer)";
    vec![
        case("values_are_unions_by_type")
            .answers(sql, &["1|2|3|1.5|1.50|x|true|2024-01-02|2024-01-02 03:04:05|null"])
            .step(Step::Types(
                statement(sql),
                vec!["int2", "int4", "int8", "float8", "numeric", "varchar", "bool", "date", "timestamp", "int4"],
            )),
        table("a_long_result_comes_in_pages").step(Step::Pages(statement(wide), 6561)),
        case("a_statement_without_rows_has_no_result")
            .step(Step::HasNoResult(statement("CREATE TABLE $s.t (a integer)"))),
        table("a_batchs_statements_count_rows").step(Step::Counts(
            batch(&["INSERT INTO $s.t VALUES (1), (2)", "DELETE FROM $s.t WHERE a = 1", "SELECT a FROM $s.t"]),
            vec![2, 2, 9],
        )),
    ]
}

fn sessions() -> Vec<Case> {
    let kept = |sql| Submission { keep_alive_seconds: Some(60), ..statement(sql) };
    vec![
        case("a_session_takes_statement_after_statement")
            .step(Step::Session(vec![kept("SELECT 1"), statement("SELECT 2")], vec!["2".to_owned()])),
        case("a_session_that_is_not_there_is_refused").step(Step::Refused(
            Submission { session: Some("11111111-1111-4111-8111-111111111111".to_owned()), ..statement("SELECT 1") },
            "ValidationException",
        )),
    ]
}
