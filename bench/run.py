"""Measures Sluice side by side with others, and holds it to its targets. `make bench` runs this; README.md explains it.

    run.py [--only SECTION]… [--rows N] [--runs N] [--sluice FILE] [--data DIR] [--out DIR]

Exit status: 0 when every target is met, 1 when one is not or when results differ, 2 for usage.

This process stays small on purpose: what it starts counts its parent's memory as its own until it is another program, so
whatever is large (making files, reading Parquet) is done in processes of its own.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MB = 1_000_000

# The least setting of a Lambda function that has a whole core. Lambda counts in MiB; millions are a little less.
LAMBDA_BYTES = 1_769 * MB
# What a row may take in memory for `dedupe: first`.
KEY_BYTES = 32
# 46 million rows are 5 GB of CSV: so many times the rows of the other sections.
MEMORY_TIMES = 9.2


# Of what `sluice local` tells its clients, the last.
LAST_EXPORT = "SLUICE_MASK_SECRET"


class Failed(Exception):
    """A run that ended badly, or a result that is not what it must be."""


@dataclass(frozen=True)
class Run:
    """One process: how long, how much, and what it says it did."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    result: dict


@dataclass
class Side:
    """One of the programs that are compared, on one file."""

    name: str
    run: Callable[[], Run]
    lake: Path | None
    warm_up: Run | None = None
    runs: list[Run] = field(default_factory=list)

    def median(self, what: str) -> float:
        return median(getattr(run, what) for run in self.runs)


@dataclass(frozen=True)
class Target:
    """What is measured, and what it must be at least, or at most."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    def met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def __str__(self) -> str:
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        return f"  {'met    ' if self.met() else 'MISSED '} {self.what}: {self.value:.2f} ({bound})"


class Bench:
    """The options, and how each program is called."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.days_of_rows: dict[int, dict] = {}

    def file(self, form: str, rows: int) -> Path:
        """The generated file."""
        command = [sys.executable, HERE / "generate.py", form, "--rows", str(rows), "--data", self.options.data]
        return Path(stdout_of(command).strip())

    def sluice(self, form: str, path: Path, name: str = "sluice", limit_bytes: int | None = None) -> Side:
        """`sluice try`, timed from outside: its start is part of it."""
        dataset = HERE / {"csv": "sales.yaml", "json": "sales_json.yaml", "xml": "sales_xml.yaml"}[form]
        out = self.options.out / name

        def run() -> Run:
            empty(out)
            command = [self.options.sluice, "try", dataset, path, "--out", out, "--json"]
            seconds, usage, _ = measured(command, limit_bytes)
            result = json.loads((out / "report.json").read_text())
            terms = [result[term] for term in ("accepted", "rejected", "filtered", "duplicate")]
            if result["read"] != sum(terms):
                raise Failed(f"sluice: {result['read']} rows read are not {' + '.join(map(str, terms))}")
            return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, result)

        return Side(name, run, out / "lake")

    def pipeline(self, path: Path) -> Side:
        """The whole pipeline over S3: `sluice local` with all services in one process, and `send`."""
        out = self.options.out / "s3"

        def run() -> Run:
            empty(out)
            with Local(self.options.sluice, out / "state") as local:
                local.sluice("check", "--upload", HERE / "sales.yaml")
                report = json.loads(local.sluice("--json", "send", "sales", path, "--batch", "bench"))
            if report["status"] != "succeeded":
                raise Failed(f"the run {report['status']}: {report.get('error')}")
            used = local.used
            return Run(report["seconds"], used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, report["counts"])

        return Side("through S3", run, None)

    def peer(self, name: str, form: str, path: Path, lake: bool) -> Side:
        """Another program, by its own clock, which starts when its libraries are loaded."""
        out = self.options.out / name

        def run() -> Run:
            empty(out)
            command = [sys.executable, HERE / "peers.py", name, form, path, out]
            _, usage, text = measured(command)
            result = json.loads(text)
            return Run(result["seconds"], usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, result)

        return Side(name, run, out / "lake" if lake else None)

    def alternate(self, *sides: Side) -> None:
        """One run of each that does not count, then A B A B …; every run of a side must have the same counts."""
        for side in sides:
            side.warm_up = side.run()
        for _ in range(self.options.runs):
            for side in sides:
                run = side.run()
                side.runs.append(run)
                if counts(run.result) != counts(side.warm_up.result):
                    raise Failed(f"{side.name}: {counts(run.result)}, and {counts(side.warm_up.result)} on the same file")

    def compare(self, ours: Side, peer: Side, rows: int) -> None:
        """Fails unless both have the same rows, as far as the peer says what it has."""
        mine, theirs = ours.runs[-1].result, peer.runs[-1].result
        if mine["read"] != rows:
            raise Failed(f"sluice read {mine['read']} rows of {rows}")
        differing = {key: (mine[key], count) for key, count in counts(theirs).items() if mine[key] != count}
        if differing:
            raise Failed(f"counts differ (sluice, {peer.name}): {differing}")
        my_days = days_of(ours)
        their_days = theirs.get("days") or days_of(peer)
        same_days("sluice", my_days, peer.name, their_days)
        # The same rows in another format are the same rows.
        same_days("this format", my_days, "the format before", self.days_of_rows.setdefault(rows, my_days))
        print(f"  results agree: {mine['accepted']:,} rows of {rows:,} in {len(my_days)} days, amounts to the cent")

    def beside(self, form: str, peer: str, lake: bool) -> tuple[Side, Side]:
        """Sluice and a peer on the same file."""
        path = self.file(form, self.options.rows)
        print(f"  {path.name}: {self.options.rows:,} rows, {path.stat().st_size / MB:,.0f} MB")
        sides = self.sluice(form, path), self.peer(peer, form, path, lake)
        self.alternate(*sides)
        table(*sides)
        self.compare(*sides, self.options.rows)
        return sides

    def csv_vs_duckdb(self) -> list[Target]:
        ours, peer = self.beside("csv", "duckdb", lake=True)
        return [
            Target("times as fast as DuckDB", peer.median("seconds") / ours.median("seconds"), at_least=2.5),
            Target("of DuckDB's peak memory", ours.median("peak_bytes") / peer.median("peak_bytes"), at_most=0.2),
        ]

    def json_vs_duckdb(self) -> list[Target]:
        ours, peer = self.beside("json", "duckdb", lake=True)
        return [Target("times as fast as DuckDB", peer.median("seconds") / ours.median("seconds"), at_least=1)]

    def xml_vs_lxml(self) -> list[Target]:
        ours, peer = self.beside("xml", "lxml", lake=False)
        return [Target("times as fast as lxml", peer.median("seconds") / ours.median("seconds"), at_least=3)]

    def linear(self) -> list[Target]:
        rows = self.options.rows
        few, many = (self.sluice("csv", self.file("csv", count), f"{count:,} rows") for count in (rows // 10, rows))
        self.alternate(few, many)
        table(few, many)
        more_bytes = many.median("peak_bytes") - few.median("peak_bytes")
        return [
            Target("times the time for 10 times the rows", many.median("seconds") / few.median("seconds"), at_most=10.5),
            Target(
                "MB more for 10 times the rows",
                more_bytes / MB,
                at_most=(KEY_BYTES * (rows - rows // 10) + few.median("peak_bytes") / 10) / MB,
            ),
        ]

    def memory(self) -> list[Target]:
        rows = round(self.options.rows * MEMORY_TIMES)
        path = self.file("csv", rows)
        print(f"  {path.name}: {rows:,} rows, {path.stat().st_size / MB:,.0f} MB")
        print(f"  under RLIMIT_AS of {LAMBDA_BYTES / MB:,.0f} MB, which bounds all address space, resident or not")
        alone, over_s3 = self.sluice("csv", path, limit_bytes=LAMBDA_BYTES), self.pipeline(path)
        for side in (alone, over_s3):
            side.runs.append(side.run())
            if side.runs[0].result["read"] != rows:
                raise Failed(f"{side.name} read {side.runs[0].result['read']} rows of {rows}")
        table(alone, over_s3)
        if counts(alone.runs[0].result) != counts(over_s3.runs[0].result):
            raise Failed(f"counts differ: {counts(alone.runs[0].result)}, over S3 {counts(over_s3.runs[0].result)}")
        return [
            Target("MB at the peak", alone.median("peak_bytes") / MB, at_most=LAMBDA_BYTES / MB),
            Target("MB at the peak over S3, its server included", over_s3.median("peak_bytes") / MB, at_most=LAMBDA_BYTES / MB),
            Target("times the time over S3", over_s3.median("seconds") / alone.median("seconds"), at_most=2),
        ]


class Local:
    """A `sluice local` of its own."""

    def __init__(self, sluice: Path, state: Path, *options: str):
        self.program = sluice
        self.used = resource.getrusage(resource.RUSAGE_SELF)
        command = [sluice, "local", "--state", state, "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.exports: dict[str, str] = {}

    def __enter__(self) -> "Local":
        # Without `--demo` these lines are all that it prints.
        while LAST_EXPORT not in self.exports:
            line = self.process.stdout.readline()
            if not line:
                self.process.wait()
                raise Failed(f"sluice local ended with {self.process.returncode}")
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                self.exports[name] = value
        return self

    def __exit__(self, *_: object) -> None:
        # Not by `terminate`, which takes the status of a process that has ended.
        os.kill(self.process.pid, signal.SIGTERM)
        _, status, self.used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process.stdout.close()

    def sluice(self, *arguments: object) -> str:
        """What the command line prints, with this AWS to work with."""
        command = [str(part) for part in (self.program, *arguments)]
        done = subprocess.run(command, env=os.environ | self.exports, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
        return done.stdout


SECTIONS: dict[str, Callable[[Bench], list[Target]]] = {
    "csv-vs-duckdb": Bench.csv_vs_duckdb,
    "json-vs-duckdb": Bench.json_vs_duckdb,
    "xml-vs-lxml": Bench.xml_vs_lxml,
    "linear": Bench.linear,
    "memory": Bench.memory,
}


def measured(command: list, limit_bytes: int | None = None) -> tuple[float, resource.struct_rusage, str]:
    """Wall-clock seconds, what the system says was used, and the standard output of a process that must end well."""
    # What was written before is on the disk before the clock starts.
    os.sync()

    def limited() -> None:
        if limit_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))

    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=errors, preexec_fn=limited)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            words = errors.read().decode(errors="replace").strip()[-2000:]
            raise Failed(f"{' '.join(map(str, command))} ended with {process.returncode}: {words}")
        return seconds, usage, output.read().decode()


def stdout_of(command: list) -> str:
    """The standard output of a process that is not measured."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}")
    return done.stdout


def empty(folder: Path) -> None:
    """A folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def counts(result: dict) -> dict[str, int]:
    """What a program says it did with the rows, as far as it says it."""
    return {key: result[key] for key in ("read", "accepted", "rejected", "duplicate") if key in result}


def days_of(side: Side) -> dict[str, list]:
    """What stands in the Parquet files of a side's last run."""
    days = json.loads(stdout_of([sys.executable, HERE / "totals.py", side.lake]))["days"]
    rows = sum(day[0] for day in days.values())
    if rows != side.runs[-1].result["accepted"]:
        raise Failed(f"{side.name} says it accepted {side.runs[-1].result['accepted']} rows; its files have {rows}")
    return days


def same_days(one: str, left: dict[str, list], other: str, right: dict[str, list]) -> None:
    """Fails unless both have the same days with the same rows, amounts and, where both have one, fingerprints."""
    for day in sorted({*left, *right}):
        mine, theirs = left.get(day, [0, "0"]), right.get(day, [0, "0"])
        for what, a, b in zip(("rows", "amount", "fingerprint"), mine, theirs):
            if Decimal(a) != Decimal(b):
                raise Failed(f"results differ: {what} of {day} is {a} by {one}, {b} by {other}")


def table(*sides: Side) -> None:
    """Medians, with the least and the greatest."""
    print(f"  {'':16} {'seconds':>22} {'cpu seconds':>22} {'peak MB':>22}")
    for side in sides:
        cells = []
        for what, unit in (("seconds", 1), ("cpu_seconds", 1), ("peak_bytes", MB)):
            values = [getattr(run, what) / unit for run in side.runs]
            digits = 0 if unit == MB else 2
            cells.append(f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})")
        print(f"  {side.name:16} " + " ".join(f"{cell:>22}" for cell in cells), flush=True)


def main() -> int:
    """Runs the sections that are asked for."""
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=SECTIONS, help="a section; may be given more than once")
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the file (the 5 GB of `memory` are 9.2 times it)")
    parser.add_argument("--runs", type=int, default=5, help="that count, of each program")
    parser.add_argument("--sluice", type=Path, default=built / "release" / "sluice")
    parser.add_argument("--data", type=Path, default=ROOT / "target" / "bench" / "data", help="generated files are kept here")
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "bench" / "out", help="what the programs write")
    options = parser.parse_args()
    if not options.sluice.is_file():
        parser.error(f"{options.sluice} is not there; cargo build --release --bin sluice")
    bench, missed = Bench(options), []
    for name in options.only or SECTIONS:
        print(f"{name}", flush=True)
        try:
            targets = SECTIONS[name](bench)
            print(*targets, sep="\n", flush=True)
            missed += [name for target in targets if not target.met()]
        except Failed as failed:
            print(f"  FAILED  {failed}", flush=True)
            missed.append(name)
    print(f"bench: {'missed: ' + ', '.join(dict.fromkeys(missed)) if missed else 'every target is met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
