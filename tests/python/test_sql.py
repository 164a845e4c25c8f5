"""All SQL that the loader sends, parsed by somebody else's grammar of Redshift."""

from pathlib import Path

import pytest
from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = sorted((ROOT / "crates").glob("*/tests/golden/**/*.sql"))

# Statements that Redshift takes and this grammar does not know: the golden file, how the statement begins, and where
# Redshift's manual has it. A gap that parses after all fails the test: then it goes.
GAPS: dict[tuple[str, str], str] = {}

LINTER = Linter(config=FluffConfig(overrides={"dialect": "redshift"}))


def statements(text: str) -> list[str]:
    """The statements of a golden file: each ends with a semicolon at the end of a line."""
    return [statement.strip() for statement in text.replace(";\n", ";\0").split("\0") if statement.strip()]


def faults(statement: str) -> list[str]:
    """What the grammar does not understand in a statement."""
    parsed = LINTER.parse_string(statement)
    assert parsed.tree is not None
    unparsable = [part.raw for part in parsed.tree.recursive_crawl("unparsable")]
    return [*map(str, parsed.violations), *unparsable]


def gap(path: Path, statement: str) -> tuple[str, str] | None:
    """The listed gap that a statement is."""
    return next((gap for gap in GAPS if gap[0] == path.name and statement.startswith(gap[1])), None)


def test_there_is_sql_of_every_step():
    begun = {statement.split()[0] for path in GOLDEN for statement in statements(path.read_text())}
    assert begun >= {"CREATE", "DROP", "COPY", "SELECT", "LOCK", "INSERT", "DELETE"}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_statement_is_redshift_sql(path):
    for statement in statements(path.read_text()):
        if not gap(path, statement):
            assert faults(statement) == [], statement


def test_every_gap_is_needed():
    every = [(path, statement) for path in GOLDEN for statement in statements(path.read_text())]
    for listed in GAPS:
        matching = [statement for path, statement in every if gap(path, statement) == listed]
        assert matching, f"no statement is like {listed} any more"
        assert all(faults(statement) for statement in matching), f"the grammar knows {listed} now"


@pytest.mark.parametrize(
    "wrong",
    [
        "COPY a FROM 's3://b/c' IAM_ROLE default FORMAT AS PARQUETT MANIFEST;",
        "SELECT CASE WHEN 1 THEN 2 FROM a;",
        "CREATE TABLE a (b bigint,);",
    ],
)
def test_the_grammar_refuses_what_is_wrong(wrong):
    assert faults(wrong)
