"""Measures the warehouse that `sluice local` plays: COPY and publish in each mode. `make bench-load` runs this; README.md
explains it.

    load.py [--rows N]… [--mode MODE]… [--runs N] [--statements] [--sluice FILE] [--data DIR] [--out DIR]

Exit status: 0 when the target is met, 1 when it is not or when a table does not hold the rows that it must, 2 for usage.

Nothing here knows the loader's SQL. Two batches are sent through the whole pipeline, and the warehouse is asked over the
Redshift Data API which statements ran and how long: the batches of statements that the loader calls `stage` and
`publish`. So what comes before them, cleaning and writing Parquet, is not part of the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from load_rows import DAYS, DELIVERY_DAYS, DELIVERY_ROWS, KNOWN_ROWS, OLDER_ONE_IN, PART_ROWS
from run import HERE, MB, ROOT, Failed, Local, Target, empty, stdout_of

# 1 million rows are staged and upserted into 5 million in less.
# Rows of the tables that are delivered into. 50 million take 20 GB of memory, and are asked for by --rows.
ROWS = (1_000_000, 5_000_000)
TARGET_MODE, TARGET_ROWS, TARGET_SECONDS = "upsert", 5_000_000, 20

# The steps that are measured, by the names that the loader gives to what it submits: `sluice <group> <step> <number>`.
STEPS = ("stage", "publish")
# Fewer in the table, and a delivery would not find the rows that it is to replace.
LEAST_ROWS = 500_000
# A statement's end is seen at most so much later.
POLL_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


OLDER_ROWS = KNOWN_ROWS // OLDER_ONE_IN
NEWER_ROWS = DELIVERY_ROWS - OLDER_ROWS


@dataclass(frozen=True)
class Mode:
    """A load mode: what the dataset says of it, and what a table of so many rows holds after the delivery."""

    load: str
    # Rows of the delivery that are older than the table's, rows that were there before, the other rows of the delivery.
    rows_after: Callable[[int], tuple[int, int, int]]
    has_each_id_once: bool = False


def rows_of_days(rows: int) -> int:
    """So many of a table's rows are of the days that the delivery replaces."""
    whole, rest = divmod(rows, DAYS)
    return whole * DELIVERY_DAYS + max(0, rest - (DAYS - DELIVERY_DAYS))


MODES = {
    "append": Mode("mode: append", lambda rows: (OLDER_ROWS, rows, NEWER_ROWS)),
    "upsert": Mode(
        "mode: upsert, key: [id], newest: updated_at",
        lambda rows: (0, rows - (KNOWN_ROWS - OLDER_ROWS), NEWER_ROWS),
        has_each_id_once=True,
    ),
    "replace": Mode("mode: replace", lambda _rows: (OLDER_ROWS, 0, NEWER_ROWS)),
    "replace_partitions": Mode(
        "mode: replace_partitions", lambda rows: (OLDER_ROWS, rows - rows_of_days(rows), NEWER_ROWS)
    ),
}


@dataclass(frozen=True)
class Step:
    """One submission of the loader, from when it was submitted to when its end was seen: the commit is part of it."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Load:
    """What became of one batch."""

    steps: dict[str, Step]

    def sum(self, what: str) -> float:
        return sum(getattr(step, what) for step in self.steps.values())

    def peak_bytes(self) -> int:
        return max(step.peak_bytes for step in self.steps.values())

    def __add__(self, other: "Load") -> "Load":
        """Both, one after the other."""

        def both(one: Step, two: Step) -> Step:
            seconds, cpu_seconds = one.seconds + two.seconds, one.cpu_seconds + two.cpu_seconds
            return Step(seconds, cpu_seconds, max(one.peak_bytes, two.peak_bytes))

        return Load({name: both(step, other.steps[name]) for name, step in self.steps.items()})


class Process:
    """What Linux tells of another process."""

    def __init__(self, pid: int):
        self.folder = Path(f"/proc/{pid}")

    def cpu_seconds(self) -> float:
        # The name in brackets may hold blanks; what follows it does not.
        fields = (self.folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_bytes(self) -> int:
        """The most memory since the last call, which begins a new count."""
        status = (self.folder / "status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        (self.folder / "clear_refs").write_text("5")
        return int(peak.split()[1]) * 1024


class Statements:
    """The Data API of a `sluice local`."""

    def __init__(self, local: Local):
        self.process = Process(local.process.pid)
        self.url = local.exports["AWS_ENDPOINT_URL"]
        # Statements are seen by whoever submitted them, here by the access key: that of the functions.
        scope = f"{local.exports['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/redshift-data/aws4_request"
        self.signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"

    def call(self, operation: str, **request: object) -> dict:
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RedshiftData.{operation}"}
        headers["Authorization"] = self.signed
        body = json.dumps(request).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as answer:
            return json.load(answer)

    def of_steps(self) -> Iterator[tuple[str, dict]]:
        """What the loader has submitted so far for the steps that are measured, the oldest first."""
        for listed in reversed(self.call("ListStatements", Status="ALL", StatementName="sluice ")["Statements"]):
            step = listed["StatementName"].split()[2]
            if step in STEPS:
                yield step, listed

    def watch(self, sending: subprocess.Popen, known: set[str]) -> dict[str, Step]:
        """Follows the steps of the batch that is being sent. The pipeline may wait for itself, so the end is looked for."""
        steps, cpu_before, running = {}, self.process.cpu_seconds(), None
        while sending.poll() is None:
            now, cpu = time.time(), self.process.cpu_seconds()
            for step, listed in self.of_steps():
                if listed["Id"] in known:
                    continue
                is_over = listed["Status"] in ("FINISHED", "FAILED", "ABORTED")
                if running != listed["Id"]:
                    running, cpu_before = listed["Id"], cpu
                    self.process.peak_bytes()
                if is_over:
                    known.add(listed["Id"])
                    steps[step] = Step(now - listed["CreatedAt"], cpu - cpu_before, self.process.peak_bytes())
            time.sleep(POLL_SECONDS)
        return steps

    def print(self, step: str, listed: dict) -> None:
        """How long each statement of a submission took, by its first line."""
        for part in self.call("DescribeStatement", Id=listed["Id"])["SubStatements"]:
            text = " ".join(part["QueryString"].split())
            print(f"    {step:8} {part['Duration'] / 1e9:7.3f} s {part['ResultRows']:>9} rows  {text[:100]}")


class Bench:
    """The options, and one delivery after the other."""

    def __init__(self, options: argparse.Namespace):
        self.options = options

    def file(self, what: str, rows: int, part: int) -> Path:
        """The generated file."""
        command = [sys.executable, HERE / "load_rows.py", what, "--rows", rows, "--part", part, "--data", self.options.data]
        return Path(stdout_of(command).strip())

    def deliver(self, local: Local, dataset: Path, what: str, rows: int, part: int = 0) -> Load:
        """Sends a batch and waits until it is loaded."""
        # The delivery is behind all parts of the fill.
        batch, day = f"{what}-{part}", 28 if what == "delivery" else part + 1
        statements = Statements(local)
        known = {listed["Id"] for _, listed in statements.of_steps()}
        command = [self.options.sluice, "--json", "send", dataset, self.file(what, rows, part), "--batch", batch]
        command += ["--as-of", f"2026-12-{day:02}T00:00:00Z"]
        # What was written before is on the disk before the clock starts.
        os.sync()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(list(map(str, command)), env=os.environ | local.exports, **pipes) as sending:
            steps = statements.watch(sending, set(known))
            text, errors = sending.communicate()
        if sending.returncode != 0:
            raise Failed(f"{batch}: {(errors or text).decode(errors='replace')[-2000:]}")
        if set(steps) != set(STEPS):
            raise Failed(f"{batch}: of the steps {STEPS} only {tuple(steps)} were seen")
        if self.options.statements:
            for step, listed in statements.of_steps():
                if listed["Id"] not in known:
                    statements.print(step, listed)
        return Load(steps)

    def loads(self, name: str, rows: int) -> tuple[Load, Load]:
        """Fills a table, and delivers into it, in a `sluice local` of its own."""
        mode, out = MODES[name], self.options.out / "load"
        empty(out)
        dataset, columns = out / "sales.yaml", (HERE / "load.yaml").read_text()

        def load_by(mode: Mode) -> None:
            dataset.write_text(columns + f"load: {{table: analytics.sales, {mode.load}}}\n")

        parts = -(-rows // PART_ROWS)
        # What comes in several batches is appended: a refresh would keep the last of them only.
        load_by(mode if parts == 1 else MODES["append"])
        try:
            # At the other pace a run may take a minute.
            with Local(self.options.sluice, out / "state", "--pace", "real") as local:
                filled = self.deliver(local, dataset, "fill", rows)
                for part in range(1, parts):
                    filled += self.deliver(local, dataset, "fill", rows, part)
                check(local, (0, rows, 0), is_unique=True)
                load_by(mode)
                delivered = self.deliver(local, dataset, "delivery", rows)
                check(local, mode.rows_after(rows), mode.has_each_id_once)
        finally:
            empty(out)
        return filled, delivered

    def measure(self, name: str, rows: int) -> list[Target]:
        """Several runs of one mode on one size, and what comes of them."""
        runs = [self.loads(name, rows) for _ in range(self.options.runs)]
        fill = f"{name}, {rows:,} into nothing" if rows <= PART_ROWS else f"append, {rows:,}, {PART_ROWS:,} at a time"
        for what, count, loads in (
            (fill, rows, [fill for fill, _ in runs]),
            (f"{name}, {DELIVERY_ROWS:,} into {rows:,}", DELIVERY_ROWS, [delivery for _, delivery in runs]),
        ):
            print(row(what, count, loads), flush=True)
        if (name, rows) != (TARGET_MODE, TARGET_ROWS):
            return []
        seconds = median(delivery.sum("seconds") for _, delivery in runs)
        return [Target(f"s to stage {DELIVERY_ROWS:,} rows and {name} them into {rows:,}", seconds, at_most=TARGET_SECONDS)]


# A row is named by when it was last changed: load_rows.py gives each kind a day of its own.
CONTENT = """
SELECT COUNT(*) AS "all",
    COUNT(CASE WHEN updated_at < '2026-11-11' THEN 1 END) AS "older",
    COUNT(CASE WHEN updated_at >= '2026-11-16' THEN 1 END) AS "newer",
    COUNT(DISTINCT id) AS "ids"
FROM analytics.sales
"""


def check(local: Local, expected: tuple[int, int, int], is_unique: bool) -> None:
    """Fails unless the table holds the rows that it must: a fast wrong answer is no answer."""
    (found,) = json.loads(local.sluice("--json", "query", CONTENT))
    older, newer = found["older"], found["newer"]
    if (older, found["all"] - older - newer, newer) != expected:
        raise Failed(f"the table holds {found}, and not {expected} rows of the delivery, of before, of the delivery")
    if is_unique and found["ids"] != found["all"]:
        raise Failed(f"the table holds {found}: an id stands in two rows")


HEAD = f"  {'':44} {'COPY rows/s':>12} {'publish rows/s':>15} {'seconds':>20} {'cpu seconds':>20} {'peak MB':>8}"


def row(name: str, count: int, loads: list[Load]) -> str:
    """Medians, with the least and the greatest of what is not a rate."""
    rates = [count / median(load.steps[step].seconds for load in loads) for step in STEPS]
    cells = []
    for what in ("seconds", "cpu_seconds"):
        values = [load.sum(what) for load in loads]
        cells.append(f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})")
    peak = max(load.peak_bytes() for load in loads) / MB
    return f"  {name:44} {rates[0]:>12,.0f} {rates[1]:>15,.0f} {cells[0]:>20} {cells[1]:>20} {peak:>8,.0f}"


def main() -> int:
    """Runs the modes and sizes that are asked for."""
    built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", action="append", type=int, help="of the table before; may be given more than once")
    parser.add_argument("--mode", action="append", choices=MODES, help="may be given more than once")
    parser.add_argument("--runs", type=int, default=3, help="of each mode and size")
    parser.add_argument("--statements", action="store_true", help="show how long each statement took")
    parser.add_argument("--sluice", type=Path, default=built / "release" / "sluice")
    parser.add_argument("--data", type=Path, default=ROOT / "target" / "bench" / "data", help="generated files are kept here")
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "bench" / "out", help="the warehouse's folder")
    options = parser.parse_args()
    if not options.sluice.is_file():
        parser.error(f"{options.sluice} is not there; cargo build --release --bin sluice")
    # A delivery has 1 million rows, of which some are newer, some older than what is there: the table must have these.
    if any(rows < LEAST_ROWS for rows in options.rows or ROWS):
        parser.error(f"--rows is at least {LEAST_ROWS:,}")
    bench, missed = Bench(options), []
    print(HEAD, flush=True)
    for rows in options.rows or ROWS:
        for name in options.mode or MODES:
            try:
                targets = bench.measure(name, rows)
                print(*targets, sep="\n", end="\n" if targets else "", flush=True)
                missed += [name for target in targets if not target.met()]
            except Failed as failed:
                print(f"  FAILED  {name}, {rows:,} rows: {failed}", flush=True)
                missed.append(name)
    print(f"bench-load: {'missed: ' + ', '.join(dict.fromkeys(missed)) if missed else 'every target is met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
