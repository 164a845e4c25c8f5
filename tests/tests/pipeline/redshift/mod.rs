//! The rules of Redshift as cases: statements in, rows or errors out, each named after its rule
//! (crates/warehouse/RULES.md). One runner, several targets:
//!
//! ```text
//! copy, sql, api (cases) ─► run ─► Target ─┬─► Double      the double in this process
//!                                          └─► Workgroup   the AWS SDK: `local` over the wire, or a real workgroup
//! ```
//!
//! `TEST_AWS=1` runs them against a real workgroup, and so certifies the double; without it the suite says in a line that
//! AWS was skipped. It needs credentials as the SDK finds them, and:
//!
//! - `SLUICE_WORKGROUP`, `SLUICE_DATABASE`: where statements run. The caller's database user must be allowed to create
//!   schemas.
//! - `SLUICE_TEST_BUCKET`: where the files of COPY are put, under `sluice-rules/`, and removed from again.
//! - `SLUICE_COPY_ROLE`: the role that COPY reads them with; without it, or by `default`, the namespace's default role.
//!
//! Every case has a schema of its own, `sluice_rules_<time>_<n>` there, which is dropped afterwards; one that is left is
//! that of a run that was killed. A new case is an entry in one of the lists.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod api;
mod case;
mod copy;
mod double;
mod run;
mod sql;
mod target;
mod workgroup;

use std::io::Write;
use std::time::Duration;

use aws::{Clients, Settings};
use case::{Case, Step};
use double::Double;
use local::{Local, Options};
use run::run;
use target::Target;
use workgroup::Workgroup;

fn cases() -> Vec<Case> {
    [copy::cases(), sql::cases(), api::cases()].into_iter().flatten().collect()
}

/// Runs every case and fails with all that went wrong.
async fn certify(target: &dyn Target) {
    let cases = cases();
    let mut faults = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        if let Err(fault) = run(target, case, n).await {
            faults.push(format!("{}: {fault}", case.name));
        }
    }
    assert!(faults.is_empty(), "{} of {} cases fail:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let mut names: Vec<_> = cases().iter().map(|case| case.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[test]
fn every_case_is_one_of_a_rules() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/warehouse/RULES.md");
    let rules = std::fs::read_to_string(page).unwrap();
    for case in cases() {
        assert!(rules.contains(&format!("`{}`", case.name)), "no rule names the case {}", case.name);
    }
}

#[tokio::test]
async fn a_case_that_does_not_hold_is_a_fault() {
    let target = Double::new();
    let table = |name| case::case(name).runs("CREATE TABLE $s.t (a integer)");
    let batch = case::batch(&["SELECT 1", "SELECT nothing"]);
    let bad = [
        table("another row").answers("SELECT 1", &["2"]),
        table("a row more").answers("SELECT 1", &["1", "1"]),
        table("it does not fail").fails("SELECT 1", ""),
        table("it fails with another text").fails("SELECT * FROM $s.u", "another text"),
        table("it does not run").runs("SELECT nothing"),
        table("other statuses").step(Step::Breaks(batch, vec!["FINISHED", "ABORTED"])),
        table("it is taken").step(Step::Refused(case::statement("SELECT 1"), "ValidationException")),
        table("it has a result").step(Step::HasNoResult(case::statement("SELECT 1"))),
        table("it has one page").step(Step::Pages(case::statement("SELECT 1"), 1)),
        table("it has no token").step(Step::IsOne(case::statement("INSERT INTO $s.t VALUES (1)"))),
    ];
    for (n, case) in bad.iter().enumerate() {
        assert!(run(&target, case, n).await.is_err(), "{}", case.name);
        assert!(run(&target, &table("nothing is left behind"), n).await.is_ok());
    }
}

#[tokio::test]
async fn the_double_keeps_every_rule() {
    certify(&Double::new()).await;
}

#[tokio::test]
async fn the_double_keeps_every_rule_over_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(Options::at(folder.path())).await.unwrap();
    let exports = local.exports();
    let setting = |name: &str| exports.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap();
    certify(&Workgroup {
        clients: local.clients().clone(),
        name: setting("SLUICE_WORKGROUP"),
        database: setting("SLUICE_DATABASE"),
        role: None,
        bucket: setting("SLUICE_LAKE_BUCKET"),
        schemas: "rules".to_owned(),
        poll: Duration::from_millis(2),
    })
    .await;
    local.stop().await.unwrap();
}

#[tokio::test]
async fn a_real_workgroup_keeps_every_rule() {
    if aws::settings::environment("TEST_AWS").as_deref() != Some("1") {
        // Not by a macro: the line is for whoever runs the tests, and what macros print is caught.
        writeln!(std::io::stderr(), "redshift: AWS was skipped, TEST_AWS is not 1").unwrap();
        return;
    }
    let mut settings = Settings::new(aws::settings::environment);
    let workgroup = Workgroup {
        clients: Clients::from_env().await,
        name: settings.required("SLUICE_WORKGROUP"),
        database: settings.required("SLUICE_DATABASE"),
        role: settings.optional("SLUICE_COPY_ROLE"),
        bucket: settings.required("SLUICE_TEST_BUCKET"),
        schemas: format!("sluice_rules_{}", aws::edge::now().timestamp_millis()),
        poll: Duration::from_millis(500),
    };
    settings.finish().unwrap();
    certify(&workgroup).await;
}
