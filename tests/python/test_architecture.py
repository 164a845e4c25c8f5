"""Each guard of the architecture, shown something bad: a guard that cannot fail guards nothing."""

from pathlib import Path

import pytest

from architecture import dependencies, functions, invariants, source, versions


def metadata(edges: dict[str, list[str]], members: list[str], kind: str | None = None) -> dict:
    """What `cargo metadata` says of packages that depend on each other like this."""
    names = set(edges) | {name for named in edges.values() for name in named}
    return {
        "packages": [{"id": name, "name": name} for name in names],
        "workspace_members": members,
        "resolve": {
            "nodes": [
                {
                    "id": name,
                    "deps": [{"pkg": other, "dep_kinds": [{"kind": kind}]} for other in edges.get(name, [])],
                }
                for name in names
            ]
        },
    }


@pytest.mark.parametrize(
    ("edges", "fault"),
    [
        ({"model": ["aws"], "aws": []}, "model names aws, which it may not"),
        ({"starter": ["loader"], "loader": []}, "starter names loader, which it may not"),
        ({"catalog": ["engine"], "engine": []}, "catalog names engine, which it may not"),
        (
            {"engine": ["parquet"], "parquet": ["tokio"]},
            "engine reaches what it must not know: engine -> parquet -> tokio",
        ),
        ({"model": ["arrow-array"]}, "model reaches what it must not know: model -> arrow-array"),
        (
            {"loader": ["odd"], "odd": ["datafusion-expr"]},
            "loader reaches what it must not know: loader -> odd -> datafusion-expr",
        ),
        ({"local": ["datafusion"]}, "local names datafusion; only sql and warehouse may"),
        ({"stray": []}, "stray: a package without a rule; give it one in tests/python/architecture.py"),
    ],
)
def test_a_dependency_that_points_the_wrong_way_is_found(edges, fault):
    members = [name for name in edges if name not in {"parquet", "odd"}]
    assert fault in dependencies(metadata(edges, members))


def test_dependencies_that_point_the_right_way_are_no_faults():
    edges = {"model": ["serde"], "aws": ["model", "aws-sdk-s3", "tokio"], "loader": ["aws", "model"]}
    assert dependencies(metadata(edges, ["model", "aws", "loader"])) == []


def test_dependencies_of_tests_alone_do_not_count():
    assert dependencies(metadata({"starter": ["local"], "local": []}, ["starter", "local"], kind="dev")) == []


def test_two_versions_of_arrow_are_found():
    lock = "\n".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"'
        for name, version in [("arrow-array", "58.0.0"), ("arrow-array", "59.0.0"), ("syn", "1.0.0"), ("syn", "2.0.0")]
    )
    assert versions(lock) == ["Cargo.lock: arrow-array in 2 versions: 58.0.0, 59.0.0"]


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("crates/a/src/b.rs", "\n" * 501, "501 lines, at most 500"),
        ("crates/a/src/main.rs", "\n" * 41, "41 lines, at most 40"),
        ("crates/a/src/lib.rs", "pub mod b;\n", "does not begin by saying what the crate is (//!)"),
        ("crates/a/src/utils.rs", "", "'utils' says nothing"),
        ("crates/a/src/common/b.rs", "", "'common' says nothing"),
        ("crates/a/src/b.rs", "pub struct LoadManager;", "'LoadManager' says nothing"),
        ("crates/a/src/b.rs", "struct Data {}", "'Data' says nothing"),
        ("crates/a/src/b.rs", "fn long() {\n" + "    a();\n" * 60 + "}\n", "fn long has 62 lines, at most 60"),
        ("crates/a/src/b.rs", '    #[ignore = "slow"]', "a test that is ignored holds nothing"),
        ("crates/a/src/b.rs", "    todo!()", "what is not there yet is refused by name"),
        ("crates/a/src/b.rs", '    unimplemented!("later")', "what is not there yet is refused by name"),
        ("crates/a/src/b.rs", "let a = 1; // TODO: more", "what is not there yet is refused by name"),
        ("tests/tests/pipeline/flow.rs", "    tokio::time::sleep(SECOND).await;", "a test that sleeps"),
        ("crates/a/tests/wire.rs", "    sleep(SECOND).await;", "a test that sleeps"),
        (
            "crates/a/src/b.rs",
            "#[cfg(test)]\nmod tests {\n    std::thread::sleep(SECOND);",
            "b.rs:3: a test that sleeps",
        ),
    ],
)
def test_a_fault_in_a_source_file_is_found(path, text, fault):
    assert any(fault in found for found in source(Path(path), text)), source(Path(path), text)


def test_a_plain_source_file_has_no_fault():
    text = "//! What it is.\n\npub struct DataFile;\n\nasync fn wait() {\n    tokio::time::sleep(SECOND).await;\n}\n"
    assert source(Path("crates/a/src/lib.rs"), text) == []


def test_functions_are_measured_from_name_to_brace():
    text = """\
impl A {
    pub fn short(&self) {}

    pub(crate) async fn long(
        &self,
    ) -> Option<u8> {
        if true {
            None
        }
    }
}
trait B {
    fn declared(
        &self,
    ) -> u8;

    fn given(&self) -> u8 {
        1
    }
}
"""
    assert list(functions(text.splitlines())) == [("long", 7), ("given", 3)]


@pytest.mark.parametrize(
    ("page", "faults"),
    [
        ("| rows are counted | `it_counts`, `test_template.py` |", []),
        ("| rows are counted | `it_guesses` |", ["ARCHITECTURE.md: there is no test `it_guesses`"]),
        ("| rows are counted | `gone.rs` |", ["ARCHITECTURE.md: there is no file `gone.rs`"]),
        ("| rows are counted | we hope |", ["ARCHITECTURE.md: no test holds: rows are counted"]),
        ("rows are counted", ["ARCHITECTURE.md: it names no invariant"]),
    ],
)
def test_an_invariant_names_a_test_that_is_there(page, faults):
    assert invariants(page, "fn it_counts() {}") == faults
