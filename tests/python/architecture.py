"""The guards of the architecture: rules of the house that neither the compiler nor clippy holds.

    python3 tests/python/architecture.py     prints every fault and exits 1 if there is one

Needs Python 3.11 and nothing else, so that `make check` runs it without a virtual environment. Each guard is a function
from what it looks at to a list of faults; test_architecture.py shows each one a bad sample.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FILE_LINES = 500
FUNCTION_LINES = 60
MAIN_LINES = 40

# What a package may name among the packages of the workspace. One that is not listed is a fault: it has no place yet.
HANDLER = {"model", "aws"}
HANDLERS = {"starter", "transform", "catalog", "loader", "reporter"}
ALL = HANDLER | HANDLERS | {"footer", "engine", "sql", "warehouse", "local", "sluice", "tests"}
MAY_NAME = {
    "model": set(),
    "footer": {"model"},
    "engine": {"model", "footer"},
    "sql": {"model", "engine"},
    "aws": {"model"},
    "starter": HANDLER,
    "transform": HANDLER | {"engine"},
    "catalog": HANDLER,
    "loader": HANDLER | {"footer"},
    "reporter": HANDLER,
    "warehouse": {"model"},
    "local": ALL - {"local", "sluice", "tests"},
    "sluice": ALL - {"sluice", "tests"},
    "tests": ALL - {"tests"},
}

ARROW = r"arrow(-.*)?|parquet"
DATAFUSION = r"datafusion(-.*)?"
AWS = r"aws[-_].*|lambda_runtime"
S3S = r"s3s(-.*)?"
IO = r"tokio|hyper|reqwest"

# What must not be anywhere below a package, however deep.
MUST_NOT_REACH = {
    "model": "|".join([ARROW, DATAFUSION, AWS, S3S, IO]),
    "footer": "|".join([ARROW, DATAFUSION, AWS, S3S, IO]),
    "engine": "|".join([DATAFUSION, AWS, S3S, IO]),
    "sql": "|".join([AWS, S3S]),
    "aws": "|".join([ARROW, DATAFUSION, S3S]),
    **dict.fromkeys(HANDLERS - {"transform"}, "|".join([ARROW, DATAFUSION, S3S])),
    "transform": "|".join([DATAFUSION, S3S]),
    "warehouse": "|".join([AWS, S3S]),
}

# Heavy things sit behind one door.
MAY_NAME_DATAFUSION = {"warehouse", "sql"}

# One version of these in the lock file, or rows pass between two libraries that do not know each other's types.
ONE_VERSION = re.compile(f"{ARROW}|{DATAFUSION}")

FORBIDDEN_NAMES = {"util", "utils", "common", "shared", "helper", "helpers", "misc", "manager", "managers"}
FORBIDDEN_TYPES = re.compile(r"\b(?:struct|enum|trait)\s+(\w*(?:Manager|Helper|Utils?)|Data)\b")
FORBIDDEN_TEXTS = [
    (re.compile(r"#\[\s*ignore\b"), "a test that is ignored holds nothing"),
    (re.compile(r"\b(?:todo|unimplemented|dbg)!"), "what is not there yet is refused by name"),
    (re.compile(r"//.*\b(?:TODO|FIXME|XXX)\b"), "what is not there yet is refused by name"),
]
SLEEP = re.compile(r"\b(?:thread|time)::sleep\b|(?<![\w.:])sleep\(")


def main() -> int:
    """Runs every guard on this repository."""
    metadata = json.loads(
        subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--locked"], cwd=ROOT, check=True, stdout=subprocess.PIPE
        ).stdout
    )
    faults = [*dependencies(metadata), *versions((ROOT / "Cargo.lock").read_text())]
    sources = list(rust_sources(ROOT))
    texts = {path.relative_to(ROOT): path.read_text() for path in sources}
    for path, text in texts.items():
        faults += source(path, text)
    faults += invariants((ROOT / "ARCHITECTURE.md").read_text(), "".join(texts.values()))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"architecture: {len(sources)} Rust files, {len(faults)} faults")
    return 1 if faults else 0


def invariants(page: str, rust: str) -> list[str]:
    """Tests that the page names and nobody has written, and invariants that name none."""
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| what |")]
    faults = [] if rows else ["ARCHITECTURE.md: it names no invariant"]
    for row in rows:
        what, held_by = (cell.strip() for cell in row.strip("|").split("|"))
        names = re.findall(r"`([^`]+)`", held_by)
        files = [name for name in names if "." in name]
        tests = [name for name in names if name not in files]
        faults += [f"ARCHITECTURE.md: there is no test `{name}`" for name in tests if f"fn {name}(" not in rust]
        faults += [f"ARCHITECTURE.md: there is no file `{name}`" for name in files if not any((ROOT / folder / name).exists() for folder in (".", "tests/python"))]
        if not names:
            faults.append(f"ARCHITECTURE.md: no test holds: {what}")
    return faults


def rust_sources(root: Path) -> Iterator[Path]:
    """Every Rust file of the workspace, generated ones apart."""
    for folder in ("crates", "tests"):
        yield from sorted((root / folder).glob("**/*.rs"))


def dependencies(metadata: dict) -> list[str]:
    """Dependencies that point the wrong way, by what `cargo metadata` says. Those of tests alone do not count."""
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    members = set(metadata["workspace_members"])
    below = {
        node["id"]: [
            dependency["pkg"]
            for dependency in node["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
        ]
        for node in metadata["resolve"]["nodes"]
    }
    faults = []
    for member in sorted(members, key=names.get):
        name = names[member]
        if name not in MAY_NAME:
            faults.append(f"{name}: a package without a rule; give it one in tests/python/architecture.py")
            continue
        named = {names[dependency] for dependency in below[member] if dependency in members}
        for other in sorted(named - MAY_NAME[name]):
            faults.append(f"{name} names {other}, which it may not")
        if name not in MAY_NAME_DATAFUSION and any(re.fullmatch(DATAFUSION, names[d]) for d in below[member]):
            faults.append(f"{name} names datafusion; only {' and '.join(sorted(MAY_NAME_DATAFUSION))} may")
        if unwanted := MUST_NOT_REACH.get(name):
            for way in ways(member, below, lambda package: re.fullmatch(unwanted, names[package])):
                faults.append(f"{name} reaches what it must not know: " + " -> ".join(names[step] for step in way))
    return faults


def ways(start: str, below: dict[str, list[str]], is_wanted) -> list[list[str]]:
    """The shortest way to each wanted package that is not below another wanted one."""
    found, seen, rows = [], {start}, [[start]]
    while rows:
        way = rows.pop(0)
        for package in below.get(way[-1], []):
            if package in seen:
                continue
            seen.add(package)
            if is_wanted(package):
                found.append([*way, package])
            else:
                rows.append([*way, package])
    return found


def versions(lock: str) -> list[str]:
    """Packages that must have one version and have more."""
    seen: dict[str, list[str]] = {}
    for package in tomllib.loads(lock)["package"]:
        if ONE_VERSION.fullmatch(package["name"]):
            seen.setdefault(package["name"], []).append(package["version"])
    return [
        f"Cargo.lock: {name} in {len(found)} versions: {', '.join(found)}"
        for name, found in sorted(seen.items())
        if len(found) > 1
    ]


def source(path: Path, text: str) -> list[str]:
    """Faults of one Rust file; the path is relative to the repository."""
    lines = text.splitlines()
    faults = []
    limit = MAIN_LINES if path.parts[-2:] == ("src", "main.rs") else FILE_LINES
    if len(lines) > limit:
        faults.append(f"{path}: {len(lines)} lines, at most {limit}")
    if path.name == "lib.rs" and not text.startswith("//!"):
        faults.append(f"{path}: does not begin by saying what the crate is (//!)")
    for part in {path.stem, *path.parent.parts} & FORBIDDEN_NAMES:
        faults.append(f"{path}: {part!r} says nothing; name it after what it does")
    for name, length in functions(lines):
        if length > FUNCTION_LINES:
            faults.append(f"{path}: fn {name} has {length} lines, at most {FUNCTION_LINES}")
    in_tests = path.parts[0] == "tests" or "tests" in path.parts[2:] or path.stem.endswith("tests")
    for number, line in enumerate(lines, 1):
        in_tests = in_tests or line.strip() == "#[cfg(test)]"
        for pattern, why in FORBIDDEN_TEXTS:
            if pattern.search(line):
                faults.append(f"{path}:{number}: {line.strip()}: {why}")
        if match := FORBIDDEN_TYPES.search(line):
            faults.append(f"{path}:{number}: {match[1]!r} says nothing; name it after what it does")
        if in_tests and SLEEP.search(line.split("//")[0]):
            faults.append(f"{path}:{number}: a test that sleeps is slow, or wrong on a slow machine")
    return faults


def functions(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Name and length of every function. rustfmt puts the closing brace in the column where the function began."""
    begins = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?fn (\w+)")
    for first, line in enumerate(lines):
        if not (match := begins.match(line)) or line.rstrip().endswith(("}", ";")):
            continue
        for last in range(first + 1, len(lines)):
            if lines[last].startswith(match[1] + ")") and lines[last].endswith(";"):
                break  # a declaration in a trait
            if lines[last].startswith(match[1] + "}"):
                yield match[2], last - first + 1
                break


if __name__ == "__main__":
    sys.exit(main())
