"""AWS on this machine for tests by independent clients: `sluice local` as a process, and boto3 pointed at it."""

import json
import os
import selectors
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
SLUICE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "sluice"

# What `sluice local` must export for the tests to find their way.
EXPORTS = {
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_DEFAULT_REGION",
    "SLUICE_LANDING_BUCKET",
    "SLUICE_LAKE_BUCKET",
    "SLUICE_CONTROL_BUCKET",
    "SLUICE_STATE_MACHINE",
    "SLUICE_WORKGROUP",
    "SLUICE_DATABASE",
}
PATIENCE_SECONDS = 90


def until(what: str, look: Callable, seconds: float = PATIENCE_SECONDS):
    """Looks again and again until it sees something, for so long at most."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError(f"{what}: not seen in {seconds} seconds")


class Laptop:
    """A running `sluice local` and clients for it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.start()

    def start(self) -> None:
        """Starts the process on what the folder holds, and waits until it says where it is."""
        assert SLUICE.exists(), f"{SLUICE} is not there; `make test` builds it"
        self.log = open(self.folder / "log", "a")  # closed by stop
        self.process = subprocess.Popen(
            [SLUICE, "local", "--state", self.folder / "state", "--port", "0", "--pace", "fast"],
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.exports = self._read_exports()
        assert self.exports.keys() >= EXPORTS, f"missing: {EXPORTS - self.exports.keys()}"

    def _read_exports(self) -> dict[str, str]:
        exports, text, output = {}, b"", self.process.stdout
        end = time.monotonic() + PATIENCE_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while not exports.keys() >= EXPORTS and selector.select(max(0, end - time.monotonic())):
                piece = os.read(output.fileno(), 65536)
                if not piece:
                    break
                text += piece
                lines = text.decode().rpartition("\n")[0].splitlines()
                words = [line.removeprefix("export ") for line in lines if line.startswith("export ")]
                exports = dict(word.split("=", 1) for word in words)
        return exports

    def stop(self) -> int:
        """Stops the process as Ctrl-C does; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        self.log.close()
        return status

    def kill(self) -> None:
        """Ends the process at once, as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        self.log.close()

    @property
    def session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.exports["AWS_SECRET_ACCESS_KEY"],
            region_name=self.exports["AWS_DEFAULT_REGION"],
        )

    def client(self, service: str):
        """A client that tries once: what fails is seen."""
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60)
        return self.session.client(service, endpoint_url=self.exports["AWS_ENDPOINT_URL"], config=config)

    def sluice(self, *arguments) -> str:
        """Runs the command line against this laptop."""
        ran = subprocess.run(
            [SLUICE, *arguments],
            cwd=ROOT,
            env=os.environ | self.exports,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def faults(self, rules: list[dict]) -> None:
        """Puts these faults in force at the wire, instead of those before."""
        url = self.exports["AWS_ENDPOINT_URL"] + "/_sluice/faults"
        urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(rules).encode(), method="PUT"), timeout=10
        ).close()

    # ---- Objects

    def put(self, bucket: str, key: str, body: bytes | str) -> None:
        body = body.encode() if isinstance(body, str) else body
        self.client("s3").put_object(Bucket=self.exports[f"SLUICE_{bucket.upper()}_BUCKET"], Key=key, Body=body)

    def get(self, bucket: str, key: str) -> bytes:
        bucket = self.exports[f"SLUICE_{bucket.upper()}_BUCKET"]
        return self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2")
        bucket = self.exports[f"SLUICE_{bucket.upper()}_BUCKET"]
        return [
            entry["Key"] for page in pages.paginate(Bucket=bucket, Prefix=prefix) for entry in page.get("Contents", [])
        ]

    # ---- Deliveries

    def deliver(self, dataset: str, batch: str, files: dict[str, str], **promises) -> str:
        """Uploads files and, last, a manifest that names them; returns the manifest's key. S3's event does the rest."""
        folder = f"{dataset}/{batch}/"
        entries = []
        for name, text in files.items():
            self.put("landing", folder + name, text)
            url = f"s3://{self.exports['SLUICE_LANDING_BUCKET']}/{folder}{name}"
            meta = {"content_length": len(text.encode()), **promises}
            entries.append({"url": url, "mandatory": True, "meta": meta})
        self.put("landing", folder + "_manifest.json", json.dumps({"entries": entries}))
        return folder + "_manifest.json"

    def reports(self, dataset: str, manifest: str) -> list[dict]:
        """All reports on deliveries of a manifest."""
        url = f"s3://{self.exports['SLUICE_LANDING_BUCKET']}/{manifest}"
        keys = [key for key in self.keys("control", f"runs/{dataset}/") if key.endswith("/report.json")]
        reports = [json.loads(self.get("control", key)) for key in keys]
        return [report for report in reports if report.get("manifest") == url]

    def report(self, dataset: str, manifest: str, count: int = 1) -> dict:
        """Waits until a manifest has so many reports; returns the one that came last."""
        what = f"{count} reports on {manifest}"
        reports = until(what, lambda: len(found := self.reports(dataset, manifest)) >= count and found)
        assert len(reports) == count
        return max(reports, key=lambda report: report["ended_at"])

    # ---- The warehouse

    @property
    def warehouse(self) -> dict:
        return {"WorkgroupName": self.exports["SLUICE_WORKGROUP"], "Database": self.exports["SLUICE_DATABASE"]}

    def ended(self, statement: str) -> dict:
        """Waits until a statement has ended; returns its description."""
        data = self.client("redshift-data")

        def look():
            described = data.describe_statement(Id=statement)
            return described if described["Status"] in {"FINISHED", "FAILED", "ABORTED"} else None

        return until(f"the end of {statement}", look)

    def query(self, sql: str) -> list[list]:
        """The rows of a query, each a list of values; NULL is None."""
        data = self.client("redshift-data")
        ended = self.ended(data.execute_statement(Sql=sql, **self.warehouse)["Id"])
        assert ended["Status"] == "FINISHED", ended.get("Error")
        pages = data.get_paginator("get_statement_result").paginate(Id=ended["Id"])
        return [[value_of(field) for field in record] for page in pages for record in page["Records"]]


def value_of(field: dict):
    """The value of a field, which has exactly one member."""
    [(kind, value)] = field.items()
    return None if kind == "isNull" else value


@pytest.fixture(scope="module")
def laptop(tmp_path_factory) -> Iterator[Laptop]:
    """One laptop for the tests of a file; each test has keys and tables of its own."""
    laptop = Laptop(tmp_path_factory.mktemp("laptop"))
    yield laptop
    assert laptop.stop() == 0
